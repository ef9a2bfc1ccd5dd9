//! Processes that fork, end, die and leave things behind.

use std::ffi::CString;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::system::{Behaviour, close, fork, pipe, read, sleep, wait, wait_without_reaping, write};

pub(crate) const ALL: &[Behaviour] = &[
    ("exit-3", || std::process::exit(3)),
    ("abort", || std::process::abort()),
    ("segv", segv),
    ("term", || die_by(libc::SIGTERM)),
    ("kill", || die_by(libc::SIGKILL)),
    ("silent", || {}),
    ("fork-twice", fork_twice),
    ("fork-100", fork_100),
    ("zombie", zombie),
    ("orphan", orphan),
    ("daemon", daemon),
    ("child-leaves-zombie", child_leaves_zombie),
    ("exec", exec),
    ("exec-from-thread", exec_from_thread),
    ("exec-by-descriptor", exec_by_descriptor),
    ("exits", exits),
    ("poll-and-look", poll_and_look),
    ("overlap", overlap),
    ("ignores-term", ignores_term),
    ("flood", flood),
    ("closes-everything", closes_everything),
    ("traces-itself", traces_itself),
    ("traces-child", traces_child),
    ("fork-bomb", fork_bomb),
    ("big-file", big_file),
    ("big-memory", big_memory),
    ("copies-input", copies_input),
    ("stops-itself", || die_by(libc::SIGSTOP)),
    ("real-time-signal", real_time_signal),
    ("ends-while-child-ends", ends_while_child_ends),
    ("vfork", vfork),
    ("leaves-shared-memory", || leaves_shared_memory(false)),
    ("removes-shared-memory", || leaves_shared_memory(true)),
    ("leaves-semaphore", leaves_semaphore),
    ("leaves-system-v", leaves_system_v),
    ("leaves-fifo", leaves_fifo),
    ("double-fork", double_fork),
];

fn segv() {
    unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) };
}

fn die_by(signal: i32) {
    unsafe { libc::raise(signal) };
}

fn fork_twice() {
    let children = [fork(|| 0), fork(|| 7)];
    children.into_iter().for_each(wait);
}

fn fork_100() {
    let children: Vec<_> = (0..100).map(|_| fork(|| 0)).collect();
    children.into_iter().for_each(wait);
}

fn zombie() {
    wait_without_reaping(fork(|| 0));
}

fn orphan() {
    // The pipe makes sure that the child is alive when its parent ends.
    let (reader, writer) = pipe();
    fork(|| {
        write(writer, b"x");
        loop {
            sleep(1000);
        }
    });
    read(reader);
}

/// The parent waits for the middle, whose child goes on in a session of its own.
fn daemon() {
    let (reader, writer) = pipe();
    let middle = fork(|| {
        unsafe { libc::setsid() };
        fork(|| {
            write(writer, b"x");
            loop {
                sleep(1000);
            }
        });
        read(reader);
        0
    });
    wait(middle);
}

fn child_leaves_zombie() {
    wait(fork(|| {
        wait_without_reaping(fork(|| 0));
        0
    }));
}

fn exec() {
    let _ = Command::new("/bin/sh").args(["-c", "exec /bin/echo done"]).exec();
}

fn exec_from_thread() {
    std::thread::spawn(|| {
        let _ = Command::new("/bin/echo").arg("done").exec();
    })
    .join()
    .unwrap();
}

fn exec_by_descriptor() {
    let program = std::fs::File::open("/bin/echo").unwrap();
    let (echo, done) = (c"echo".as_ptr(), c"done".as_ptr());
    let (arguments, nothing) = ([echo, done, std::ptr::null()], [std::ptr::null()]);
    unsafe { libc::fexecve(program.as_raw_fd(), arguments.as_ptr(), nothing.as_ptr()) };
}

fn exits() {
    let children = [
        fork(|| 1),
        fork(|| {
            die_by(libc::SIGTERM);
            0
        }),
        fork(|| {
            std::process::abort();
        }),
    ];
    children.into_iter().for_each(wait);
}

/// Whoever is told by a descriptor that a child has ended can reap it at once.
fn poll_and_look() {
    for _ in 0..300 {
        let child = fork(|| 0);
        let look = unsafe {
            let pidfd = libc::syscall(libc::SYS_pidfd_open, child, 0) as i32;
            let mut ended = libc::pollfd { fd: pidfd, events: libc::POLLIN, revents: 0 };
            assert_eq!(libc::poll(&raw mut ended, 1, -1), 1);
            close(pidfd);
            libc::waitpid(child, std::ptr::null_mut(), libc::WNOHANG)
        };
        assert_eq!(look, child);
    }
}

/// Three children that are alive at the same time.
fn overlap() {
    let (reader, writer) = pipe();
    let children: Vec<_> = (0..3)
        .map(|_| {
            fork(|| {
                close(writer);
                read(reader);
                0
            })
        })
        .collect();
    close(reader);
    close(writer);
    children.into_iter().for_each(wait);
}

fn ignores_term() {
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
    loop {
        sleep(1000);
    }
}

fn flood() {
    let line = [b'x'; 4096];
    loop {
        write(1, &line);
    }
}

fn closes_everything() {
    (0..3).for_each(close);
    sleep(20);
}

fn traces_itself() {
    let nothing = std::ptr::null_mut::<u8>();
    let result = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, nothing, nothing) };
    println!("{}", if result == -1 { "refused" } else { "permitted" });
}

fn traces_child() {
    let child = fork(|| {
        sleep(20);
        0
    });
    let nothing = std::ptr::null_mut::<u8>();
    let result = unsafe { libc::ptrace(libc::PTRACE_ATTACH, child, nothing, nothing) };
    println!("{}", if result == -1 { "refused" } else { "permitted" });
    wait(child);
}

fn fork_bomb() {
    loop {
        if unsafe { libc::fork() } == -1 {
            sleep(1);
        }
    }
}

fn big_file() {
    let path = std::env::args().nth(2).unwrap();
    std::fs::write(path, vec![0; 64 << 20]).unwrap();
}

fn big_memory() {
    let memory = vec![1u8; 8 << 30];
    println!("{}", memory.len());
}

fn copies_input() {
    std::io::copy(&mut std::io::stdin(), &mut std::io::stdout()).unwrap();
}

extern "C" fn on_signal(_: i32) {}

fn real_time_signal() {
    let handler = on_signal as extern "C" fn(i32);
    unsafe { libc::signal(libc::SIGRTMIN() + 3, handler as usize) };
    (0..10).for_each(|_| die_by(libc::SIGRTMIN() + 3));
    println!("done");
}

/// Children end at any moment around the end of their parent, reaped or not.
fn ends_while_child_ends() {
    for _ in 0..20 {
        fork(|| 0);
    }
}

fn vfork() {
    let done = Command::new("/bin/true").status().unwrap();
    assert!(done.success());
}

fn name() -> CString {
    CString::new(format!("/{}", std::env::args().nth(2).unwrap())).unwrap()
}

fn leaves_shared_memory(removes: bool) {
    let name = name();
    unsafe {
        let flags = libc::O_CREAT | libc::O_RDWR;
        let memory = libc::shm_open(name.as_ptr(), flags, 0o600);
        libc::ftruncate(memory, 4096);
        if removes {
            libc::shm_unlink(name.as_ptr());
        }
    }
}

fn leaves_semaphore() {
    unsafe { libc::sem_open(name().as_ptr(), libc::O_CREAT, 0o600, 1) };
}

fn leaves_system_v() {
    let id = unsafe { libc::shmget(libc::IPC_PRIVATE, 4096, 0o600) };
    println!("{id}");
}

fn leaves_fifo() {
    unsafe { libc::mkfifo(c"left".as_ptr(), 0o600) };
}

/// The middle ends at once; the grandchild is waited for by nobody, but ends in time.
fn double_fork() {
    let (reader, writer) = pipe();
    let (ended, ends) = pipe();
    let middle = fork(|| {
        fork(|| {
            close(writer);
            close(ended);
            read(reader);
            0
        });
        0
    });
    close(reader);
    close(ends);
    wait(middle);
    close(writer);
    read(ended);
}
