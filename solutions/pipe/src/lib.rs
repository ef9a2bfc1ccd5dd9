//! Lists of numbers through pipes, one pipe for each child.
//!
//! A list is sent as its length and then its numbers, each as eight bytes.

use std::io::{self, ErrorKind, PipeReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::exit;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Writes `list` in such a way that [`receive`] gets back this list, no more and no less.
pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut bytes = (list.len() as u64).to_ne_bytes().to_vec();
    bytes.extend(list.iter().flat_map(|number| number.to_ne_bytes()));
    // Not `write`, which may take a part and say how much.
    to.write_all(&bytes)
}

/// Reads the next list; `None` if there is none any more, since the writing end is closed.
pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut header = [0; 8];
    // The end may come before the first byte of a list, and nowhere else.
    if uninterrupted(|| from.read(&mut header[..1]))? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut header[1..])?;
    let mut list = Vec::new();
    // No room is set aside by a length that came from somewhere else: it may be nonsense.
    for _ in 0..u64::from_ne_bytes(header) {
        let mut number = [0; 8];
        from.read_exact(&mut number)?;
        list.push(i64::from_ne_bytes(number));
    }
    Ok(Some(list))
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
    for (child, _) in started {
        if lists.is_err() {
            // It may wait for one that was never started, and nobody reads what it sends. It has
            // not been waited for, so the number is its own.
            let _ = kill(child, Signal::SIGKILL);
        }
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
            // A panic would go on in the caller's code, which is the parent's.
            let sent = catch_unwind(AssertUnwindSafe(|| send(&mut writer, &work())));
            exit(match sent {
                Ok(Ok(())) => 0,
                Ok(Err(_)) => 1,
                Err(_) => 101,
            })
        }
        // The parent's copy of the writing end closes here. Were it open, the parent would
        // wait for an end of the pipe that only itself can bring about, and the children
        // that are forked next would hold it open as well.
        ForkResult::Parent { child } => Ok((child, reader)),
    }
}
