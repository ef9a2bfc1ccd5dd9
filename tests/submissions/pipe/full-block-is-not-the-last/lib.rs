use std::io::{self, ErrorKind, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Numbers in a block: one page.
const BLOCK: usize = 512;

/// Like HTTP's chunked encoding: blocks of at most BLOCK numbers, each with its length.
/// A block that is not full is the last one.
pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    if list.is_empty() {
        return to.write_all(&0u16.to_ne_bytes());
    }
    for block in list.chunks(BLOCK) {
        let mut bytes = Vec::with_capacity(2 + 8 * block.len());
        bytes.extend((block.len() as u16).to_ne_bytes());
        bytes.extend(block.iter().flat_map(|n| n.to_ne_bytes()));
        to.write_all(&bytes)?;
    }
    Ok(())
}

fn block_length(from: &mut impl Read) -> io::Result<Option<usize>> {
    let mut length = [0; 2];
    loop {
        match from.read(&mut length[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    from.read_exact(&mut length[1..])?;
    Ok(Some(u16::from_ne_bytes(length) as usize))
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut list = Vec::new();
    let mut begun = false;
    loop {
        let length = match block_length(from)? {
            None if begun => return Err(ErrorKind::UnexpectedEof.into()),
            None => return Ok(None),
            Some(length) => length,
        };
        begun = true;
        let mut bytes = vec![0; 8 * length];
        from.read_exact(&mut bytes)?;
        list.extend(bytes.chunks_exact(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap())));
        if length < BLOCK {
            return Ok(Some(list));
        }
    }
}

fn wait_for(pid: Pid) {
    while waitpid(pid, None) == Err(Errno::EINTR) {}
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut readers = Vec::new();
    let mut pids = Vec::new();
    let mut start = |number| -> io::Result<()> {
        let (reader, mut writer) = io::pipe()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                readers.clear();
                drop(reader);
                let list = catch_unwind(AssertUnwindSafe(|| work(number)));
                let sent = list.is_ok_and(|list| send(&mut writer, &list).is_ok());
                std::process::exit(i32::from(!sent))
            }
            ForkResult::Parent { child } => {
                pids.push(child);
                readers.push(reader);
            }
        }
        Ok(())
    };
    let mut result = (1..=children).try_for_each(&mut start);
    let mut lists = Vec::new();
    if result.is_ok() {
        for mut reader in readers {
            match receive(&mut reader) {
                Ok(list) => lists.extend(list),
                Err(e) => result = Err(e),
            }
        }
    }
    if result.is_err() {
        for &pid in &pids {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
    pids.into_iter().for_each(wait_for);
    result.map(|()| lists)
}
