use std::io::{self, ErrorKind, Read, Write};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

mod frame {
    use super::*;

    pub fn write(to: &mut dyn Write, list: &[i64]) -> io::Result<()> {
        to.write_all(&(list.len() as u64).to_ne_bytes())?;
        for part in list.chunks(4096) {
            let bytes: Vec<u8> = part.iter().flat_map(|n| n.to_ne_bytes()).collect();
            to.write_all(&bytes)?;
        }
        Ok(())
    }

    pub fn read(from: &mut dyn Read) -> io::Result<Option<Vec<i64>>> {
        let mut length = [0; 8];
        loop {
            match from.read(&mut length[..1]) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        from.read_exact(&mut length[1..])?;
        let mut list = Vec::new();
        for _ in 0..u64::from_ne_bytes(length) {
            let mut number = [0; 8];
            from.read_exact(&mut number)?;
            list.push(i64::from_ne_bytes(number));
        }
        Ok(Some(list))
    }
}

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    frame::write(to, list)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    frame::read(from)
}

struct Children(Vec<Pid>);

impl Drop for Children {
    fn drop(&mut self) {
        for &pid in &self.0 {
            let _ = kill(pid, Signal::SIGKILL);
            while waitpid(pid, None) == Err(Errno::EINTR) {}
        }
    }
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut pids = Children(vec![]);
    let mut readers = vec![];
    for number in 1..=children {
        let (reader, mut writer) = io::pipe()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                readers.clear();
                pids.0.clear();
                drop(reader);
                // A panic must not get back into the parent's code.
                std::panic::set_hook(Box::new(|info| {
                    eprintln!("{info}");
                    std::process::exit(101);
                }));
                let list = work(number);
                let sent = send(&mut writer, &list);
                std::process::exit(sent.is_err() as i32);
            }
            ForkResult::Parent { child } => {
                pids.0.push(child);
                readers.push(reader);
            }
        }
    }
    let mut lists = vec![];
    for mut reader in readers {
        lists.extend(receive(&mut reader)?);
    }
    for pid in std::mem::take(&mut pids.0) {
        while waitpid(pid, None) == Err(Errno::EINTR) {}
    }
    Ok(lists)
}
