use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    to.write_all(&(list.len() as u64).to_le_bytes())?;
    for number in list {
        to.write_all(&number.to_le_bytes())?;
    }
    to.flush()
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut first = [0];
    loop {
        match from.read(&mut first) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
    }
    let mut rest = [0; 7];
    from.read_exact(&mut rest)?;
    let mut length = [first[0]; 8];
    length[1..].copy_from_slice(&rest);
    let mut list = vec![];
    for _ in 0..u64::from_le_bytes(length) {
        let mut number = [0; 8];
        from.read_exact(&mut number)?;
        list.push(i64::from_le_bytes(number));
    }
    Ok(Some(list))
}

/// Waits for all of them, whatever happens in between.
struct Children(Vec<Pid>);

impl Drop for Children {
    fn drop(&mut self) {
        for &pid in &self.0 {
            while let Err(Errno::EINTR) = waitpid(pid, None) {}
        }
    }
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut readers = Vec::new();
    let mut all = Children(Vec::new());
    for number in 1..=children {
        let (reader, writer) = io::pipe()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let code = match catch_unwind(AssertUnwindSafe(|| work(number))) {
                    Ok(list) => {
                        let mut to = io::BufWriter::new(writer);
                        if send(&mut to, &list).is_ok() { 0 } else { 1 }
                    }
                    Err(_) => 101,
                };
                unsafe { libc::_exit(code) }
            }
            ForkResult::Parent { child } => {
                readers.push(reader);
                all.0.push(child);
            }
        }
    }
    let mut lists = Vec::new();
    let mut error = None;
    for reader in readers.drain(..) {
        match receive(&mut BufReader::new(reader)) {
            Ok(Some(list)) => lists.push(list),
            Ok(None) => {}
            Err(e) => error = Some(e),
        }
    }
    drop(all);
    match error {
        Some(error) => Err(error),
        None => Ok(lists),
    }
}
