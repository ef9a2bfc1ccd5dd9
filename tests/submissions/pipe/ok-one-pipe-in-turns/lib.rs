//! One pipe for all children, and a lock that lets one of them send at a time.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::FileExt;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    to.write_all(&(list.len() as u64).to_le_bytes())?;
    let bytes: Vec<u8> = list.iter().flat_map(|number| number.to_le_bytes()).collect();
    to.write_all(&bytes)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut length = Vec::new();
    from.by_ref().take(8).read_to_end(&mut length)?;
    if length.is_empty() {
        return Ok(None);
    }
    let cut = |_| io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut bytes = vec![0; 8 * u64::from_le_bytes(length.try_into().map_err(cut)?) as usize];
    from.read_exact(&mut bytes)?;
    let number = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    Ok(Some(bytes.chunks(8).map(number).collect()))
}

/// A file whose lock the kernel gives back when its holder dies; its first byte is 1 while one sends.
struct Turn(File);

impl Turn {
    fn new() -> io::Result<Turn> {
        // SAFETY: the name is a C string, and nobody else owns the descriptor.
        let file = unsafe {
            match libc::memfd_create(c"turn".as_ptr(), libc::MFD_CLOEXEC) {
                -1 => return Err(io::Error::last_os_error()),
                number => File::from_raw_fd(number),
            }
        };
        file.write_all_at(&[0], 0)?;
        Ok(Turn(file))
    }

    /// Sends when it is this child's turn, unless another one has died at it.
    fn send(&self, to: &mut impl Write, list: &[i64]) -> io::Result<()> {
        // SAFETY: a lock is plain numbers, all of which may be 0.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = libc::F_WRLCK as libc::c_short;
        // SAFETY: the lock lives long enough.
        while unsafe { libc::fcntl(self.0.as_raw_fd(), libc::F_SETLKW, &lock) } == -1 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        let mut sending = [0];
        self.0.read_exact_at(&mut sending, 0)?;
        if sending == [0] {
            self.0.write_all_at(&[1], 0)?;
            send(to, list)?;
            self.0.write_all_at(&[0], 0)?;
        }
        Ok(())
    }
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut started = Vec::new();
    let lists = from_all(&mut started, children, work);
    for child in started {
        if lists.is_err() {
            let _ = kill(child, Signal::SIGKILL);
        }
        while waitpid(child, None) == Err(Errno::EINTR) {}
    }
    lists
}

fn from_all(
    started: &mut Vec<Pid>,
    children: usize,
    work: impl Fn(usize) -> Vec<i64>,
) -> io::Result<Vec<Vec<i64>>> {
    let (mut reader, mut writer) = io::pipe()?;
    let turn = Turn::new()?;
    for number in 1..=children {
        // SAFETY: there is one thread only.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let sent = turn.send(&mut writer, &work(number));
                std::process::exit(i32::from(sent.is_err()))
            }
            ForkResult::Parent { child } => started.push(child),
        }
    }
    drop(writer);
    let mut lists = Vec::new();
    while let Some(list) = receive(&mut reader)? {
        lists.push(list);
    }
    Ok(lists)
}
