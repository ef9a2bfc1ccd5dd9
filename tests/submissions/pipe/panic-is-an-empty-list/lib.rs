use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut bytes = list.len().to_ne_bytes().to_vec();
    bytes.extend(list.iter().flat_map(|n| n.to_ne_bytes()));
    to.write_all(&bytes)?;
    to.flush()
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut length = [0; 8];
    let first = loop {
        match from.read(&mut length[..1]) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            other => break other?,
        }
    };
    if first == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..])?;
    let mut list = Vec::new();
    for _ in 0..usize::from_ne_bytes(length) {
        let mut number = [0; 8];
        from.read_exact(&mut number)?;
        list.push(i64::from_ne_bytes(number));
    }
    Ok(Some(list))
}

fn bury(pids: &[Pid]) {
    for &pid in pids {
        while waitpid(pid, None) == Err(Errno::EINTR) {}
    }
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut pids = Vec::new();
    let mut readers = Vec::new();
    for number in 1..=children {
        let forked = io::pipe().and_then(|pipe| Ok((pipe, unsafe { fork() }?)));
        match forked {
            Ok(((reader, mut writer), ForkResult::Child)) => {
                drop(reader);
                // Nothing may unwind into the parent's code.
                let list = catch_unwind(AssertUnwindSafe(|| work(number))).unwrap_or_default();
                let status = if send(&mut writer, &list).is_ok() { 0 } else { 1 };
                unsafe { libc::_exit(status) }
            }
            Ok(((reader, _writer), ForkResult::Parent { child })) => {
                pids.push(child);
                readers.push(reader);
            }
            Err(error) => {
                for &pid in &pids {
                    let _ = kill(pid, Signal::SIGKILL);
                }
                bury(&pids);
                return Err(error);
            }
        }
    }
    let mut lists = Vec::new();
    let mut result = Ok(());
    for mut reader in readers {
        match receive(&mut io::BufReader::new(&mut reader)) {
            Ok(list) => lists.extend(list),
            Err(error) => result = Err(error),
        }
    }
    bury(&pids);
    result.map(|()| lists)
}
