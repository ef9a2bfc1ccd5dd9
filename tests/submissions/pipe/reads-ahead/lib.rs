use std::io::{self, ErrorKind, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut bytes = list.len().to_ne_bytes().to_vec();
    for number in list {
        bytes.extend_from_slice(&number.to_ne_bytes());
    }
    to.write_all(&bytes)
}

use std::cell::RefCell;

thread_local! {
    /// Bytes read, but not used yet: one system call for each number would be slow.
    static AHEAD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Fills `into` from what is ahead and from `from`. False at an end before the first byte.
fn fill(from: &mut impl Read, ahead: &mut Vec<u8>, into: &mut [u8]) -> io::Result<bool> {
    while ahead.len() < into.len() {
        let mut piece = [0; 4096];
        match from.read(&mut piece) {
            Ok(0) if ahead.is_empty() => return Ok(false),
            Ok(0) => {
                ahead.clear();
                return Err(ErrorKind::UnexpectedEof.into());
            }
            Ok(n) => ahead.extend_from_slice(&piece[..n]),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    into.copy_from_slice(&ahead[..into.len()]);
    ahead.drain(..into.len());
    Ok(true)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    AHEAD.with_borrow_mut(|ahead| {
        let mut length = [0; 8];
        if !fill(from, ahead, &mut length)? {
            return Ok(None);
        }
        let length = usize::from_ne_bytes(length);
        let mut list = Vec::new();
        for _ in 0..length {
            let mut number = [0; 8];
            if !fill(from, ahead, &mut number)? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            list.push(i64::from_ne_bytes(number));
        }
        Ok(Some(list))
    })
}

fn wait_for(pid: Pid) {
    while waitpid(pid, None) == Err(Errno::EINTR) {}
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut pids: Vec<Pid> = Vec::new();
    let mut pipes = Vec::new();
    for number in 1..=children {
        let made = io::pipe().and_then(|(reader, writer)| Ok((reader, writer, unsafe { fork() }?)));
        let (reader, mut writer, side) = match made {
            Ok(made) => made,
            Err(e) => {
                pids.iter().for_each(|pid| drop(kill(*pid, Signal::SIGKILL)));
                pids.into_iter().for_each(wait_for);
                return Err(e);
            }
        };
        match side {
            ForkResult::Child => {
                pipes.clear();
                drop(reader);
                let _ = catch_unwind(AssertUnwindSafe(|| send(&mut writer, &work(number))));
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => {
                pids.push(child);
                pipes.push(reader);
            }
        }
    }
    let lists: Vec<_> = pipes.into_iter().map(|mut pipe| receive(&mut pipe)).collect();
    pids.into_iter().for_each(wait_for);
    Ok(lists.into_iter().filter_map(|list| list.ok().flatten()).collect())
}
