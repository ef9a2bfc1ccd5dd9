//! What a lesson teaches has to work behind every wall.
#![expect(unsafe_code, reason = "the very calls that lessons teach")]

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::ptr::{null, null_mut};

use super::{Canary, EVERYWHERE, Promise, Scene};
use crate::Tier;

pub(super) const CANARIES: &[Canary] = &[
    works("fork and wait work", |_| fork_and_wait()),
    works("threads work", |_| thread()),
    works("signals work", |_| signal()),
    works("pipes work", |_| pipe()),
    works("FIFOs work", |_| fifo()),
    works("Unix sockets work", |_| unix_socket()),
    works("POSIX shared memory works", |_| posix_shared_memory()),
    works("System V objects work", |_| system_v()),
    Canary {
        name: "POSIX message queues work",
        promise: Promise::Lessons,
        // Landlock grants them by their directory, which hosts often do not have.
        held_in: Tier::has_namespaces,
        perform: |_| message_queue(),
    },
    works("event descriptors work", |_| descriptors()),
    works("file locks work", |_| lock()),
    works("programs can be executed", |_| execute()),
    works("daemons can be started", |_| daemon()),
];

const fn works(name: &'static str, perform: fn(&Scene) -> Result<(), String>) -> Canary {
    Canary { name, promise: Promise::Lessons, held_in: EVERYWHERE, perform }
}

/// Where a program may put files, in every tier.
pub(super) fn own_directory() -> PathBuf {
    std::env::var_os("TMPDIR").map_or_else(|| "/tmp".into(), PathBuf::from)
}

pub(super) fn checked(call: &str, result: impl Into<i64>) -> Result<i64, String> {
    let result = result.into();
    if result < 0 { Err(format!("{call}: {}", io::Error::last_os_error())) } else { Ok(result) }
}

fn io_error(error: io::Error) -> String {
    error.to_string()
}

fn fork_and_wait() -> Result<(), String> {
    let status = in_child(|| 7)?;
    let code = libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status));
    if code == Some(7) { Ok(()) } else { Err(format!("the child ended with status {status}")) }
}

/// Forks a child that exits with what `code` returns, and waits for it: its raw status.
pub(super) fn in_child(code: impl FnOnce() -> i32) -> Result<i32, String> {
    let mut status = 0;
    // SAFETY: the calling program has one thread, so the child may do anything.
    unsafe {
        let pid = checked("fork", libc::fork())? as i32;
        if pid == 0 {
            libc::_exit(code());
        }
        checked("waitpid", libc::waitpid(pid, &raw mut status, 0))?;
    }
    Ok(status)
}

fn thread() -> Result<(), String> {
    let thread = std::thread::Builder::new().spawn(|| 7).map_err(io_error)?;
    thread.join().map(drop).map_err(|_| "the thread panicked".to_owned())
}

fn signal() -> Result<(), String> {
    // SAFETY: a local set, and a signal to ourselves that is blocked.
    let got = unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGUSR1);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, null_mut());
        checked("kill", libc::kill(libc::getpid(), libc::SIGUSR1))?;
        let second = libc::timespec { tv_sec: 1, tv_nsec: 0 };
        checked("sigtimedwait", libc::sigtimedwait(&raw const set, null_mut(), &raw const second))?
    };
    if got == i64::from(libc::SIGUSR1) { Ok(()) } else { Err(format!("got signal {got}")) }
}

fn pipe() -> Result<(), String> {
    let (mut read, mut write) = io::pipe().map_err(io_error)?;
    write.write_all(b"x").map_err(io_error)?;
    read.read_exact(&mut [0]).map_err(io_error)
}

fn fifo() -> Result<(), String> {
    let path = own_directory().join("canary-fifo");
    let name = CString::new(path.as_os_str().as_encoded_bytes()).map_err(|e| e.to_string())?;
    // SAFETY: a string that ends with NUL.
    checked("mkfifo", unsafe { libc::mkfifo(name.as_ptr(), 0o600) })?;
    // A FIFO that is opened for both never blocks.
    let opened = File::options().read(true).write(true).open(&path).map(drop);
    fs::remove_file(&path).and(opened).map_err(io_error)
}

fn unix_socket() -> Result<(), String> {
    let path = own_directory().join("canary-socket");
    let listener = UnixListener::bind(&path).map_err(io_error)?;
    let connected = UnixStream::connect(&path).map(drop);
    drop(listener);
    fs::remove_file(&path).and(connected).map_err(io_error)
}

fn posix_shared_memory() -> Result<(), String> {
    let name =
        CString::new(format!("/canary-{}", std::process::id())).map_err(|e| e.to_string())?;
    // SAFETY: strings that end with NUL.
    unsafe {
        let flags = libc::O_CREAT | libc::O_EXCL | libc::O_RDWR;
        let descriptor = checked("shm_open", libc::shm_open(name.as_ptr(), flags, 0o600))? as i32;
        let sized = checked("ftruncate", libc::ftruncate(descriptor, 4096));
        libc::close(descriptor);
        checked("shm_unlink", libc::shm_unlink(name.as_ptr()))?;
        sized.map(drop)
    }
}

fn system_v() -> Result<(), String> {
    // SAFETY: private objects that are removed at once.
    unsafe {
        let segment = checked("shmget", libc::shmget(libc::IPC_PRIVATE, 4096, 0o600))? as i32;
        checked("shmctl", libc::shmctl(segment, libc::IPC_RMID, null_mut()))?;
        let set = checked("semget", libc::semget(libc::IPC_PRIVATE, 1, 0o600))? as i32;
        checked("semctl", libc::semctl(set, 0, libc::IPC_RMID))?;
        let queue = checked("msgget", libc::msgget(libc::IPC_PRIVATE, 0o600))? as i32;
        checked("msgctl", libc::msgctl(queue, libc::IPC_RMID, null_mut()))?;
    }
    Ok(())
}

fn message_queue() -> Result<(), String> {
    let name =
        CString::new(format!("/canary-{}", std::process::id())).map_err(|e| e.to_string())?;
    let flags = libc::O_CREAT | libc::O_EXCL | libc::O_RDWR;
    // SAFETY: a string that ends with NUL, and no attributes.
    unsafe {
        let nothing = null::<libc::mq_attr>();
        let queue = checked("mq_open", libc::mq_open(name.as_ptr(), flags, 0o600, nothing))?;
        libc::mq_close(queue as i32);
        checked("mq_unlink", libc::mq_unlink(name.as_ptr())).map(drop)
    }
}

fn descriptors() -> Result<(), String> {
    // SAFETY: descriptors of our own, and a local set.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        let made = [
            checked("eventfd", libc::eventfd(0, 0))?,
            checked("epoll_create1", libc::epoll_create1(0))?,
            checked("timerfd_create", libc::timerfd_create(libc::CLOCK_MONOTONIC, 0))?,
            checked("signalfd", libc::signalfd(-1, &raw const set, 0))?,
        ];
        for descriptor in made {
            libc::close(descriptor as i32);
        }
    }
    Ok(())
}

fn lock() -> Result<(), String> {
    let path = own_directory().join("canary-lock");
    let locked = File::create(&path).and_then(|file| file.lock());
    fs::remove_file(&path).and(locked).map_err(io_error)
}

fn execute() -> Result<(), String> {
    let status = std::process::Command::new("/bin/true").status().map_err(io_error)?;
    if status.success() { Ok(()) } else { Err(format!("/bin/true ended with {status}")) }
}

/// It is for the keeper to end it; should it not, the run never ends.
fn daemon() -> Result<(), String> {
    let status = in_child(|| {
        // SAFETY: as in `in_child`.
        unsafe {
            libc::setsid();
            match libc::fork() {
                0 => loop {
                    libc::pause();
                },
                pid => i32::from(pid < 0),
            }
        }
    })?;
    if status == 0 { Ok(()) } else { Err(format!("its parent ended with status {status}")) }
}
