//! A pipe for each child.

use std::io::{self, ErrorKind, PipeReader, Read, Write};
use std::process::exit;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    to.write_all(&(list.len() as u64).to_le_bytes())?;
    let bytes: Vec<u8> = list.iter().flat_map(|number| number.to_le_bytes()).collect();
    to.write_all(&bytes)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut length = [0; 8];
    if uninterrupted(|| from.read(&mut length[..1]))? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..])?;
    let mut bytes = vec![0; 8 * u64::from_le_bytes(length) as usize];
    let count = uninterrupted(|| from.read(&mut bytes))?;
    bytes.truncate(count);
    let number = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    Ok(Some(bytes.chunks(8).map(number).collect()))
}

/// Makes a call once more if a signal came in between.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Forks `children` processes, and returns what they send, in any order.
pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut started = Vec::new();
    let lists = receive_all(&mut started, children, work);
    for (child, pipe) in started {
        if lists.is_err() {
            // It may wait for one that was never started, and nobody reads what it sends. It has
            // not been waited for, so the number is its own.
            let _ = kill(child, Signal::SIGKILL);
        }
        drop(pipe);
        uninterrupted(|| Ok(waitpid(child, None)?))?;
    }
    lists
}

/// Starts the children, and receives what they send; `started` are those that are there, also after
/// an error.
fn receive_all(
    started: &mut Vec<(Pid, PipeReader)>,
    children: usize,
    work: impl Fn(usize) -> Vec<i64>,
) -> io::Result<Vec<Vec<i64>>> {
    for number in 1..=children {
        started.push(start(|| work(number))?);
    }
    // A child that is ahead of its turn sleeps on its full pipe. All have been started,
    // so nobody waits for anybody who has not.
    let mut lists = Vec::new();
    for (_, pipe) in started {
        // Eight bytes at a time would be a system call for each number.
        let mut pipe = io::BufReader::new(pipe);
        while let Some(list) = receive(&mut pipe)? {
            lists.push(list);
        }
    }
    Ok(lists)
}

/// Forks a child that does `work` and sends its list; returns it, and the end to read from.
fn start(work: impl Fn() -> Vec<i64>) -> io::Result<(Pid, PipeReader)> {
    let (reader, mut writer) = io::pipe()?;
    // SAFETY: the process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(reader);
            let sent = send(&mut writer, &work());
            exit(i32::from(sent.is_err()))
        }
        // The parent's copy of the writing end closes here. Were it open, the parent would
        // wait for an end of the pipe that only itself can bring about, and the children
        // that are forked next would hold it open as well.
        ForkResult::Parent { child } => Ok((child, reader)),
    }
}
