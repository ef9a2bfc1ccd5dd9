use std::io::{self, BufReader, PipeReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    to.write_all(&(list.len() as u64).to_ne_bytes())?;
    for piece in list.chunks(1024) {
        let bytes: Vec<u8> = piece.iter().flat_map(|number| number.to_ne_bytes()).collect();
        to.write_all(&bytes)?;
    }
    Ok(())
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut length = [0; 8];
    if from.read(&mut length[..1])? == 0 {
        return Ok(None);
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

struct Family {
    members: Vec<(Pid, PipeReader)>,
}

impl Family {
    fn wait(&mut self) {
        for (pid, reader) in self.members.drain(..) {
            drop(reader);
            while waitpid(pid, None) == Err(Errno::EINTR) {}
        }
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        for (pid, _) in &self.members {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        self.wait();
    }
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut family = Family { members: Vec::new() };
    for number in 1..=children {
        let (reader, writer) = io::pipe()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let mut writer = writer;
                let done = catch_unwind(AssertUnwindSafe(|| send(&mut writer, &work(number))));
                unsafe { libc::_exit(if let Ok(Ok(())) = done { 0 } else { 1 }) }
            }
            ForkResult::Parent { child } => family.members.push((child, reader)),
        }
    }
    let mut lists = Vec::new();
    for (_, reader) in &family.members {
        if let Some(list) = receive(&mut BufReader::new(reader))? {
            lists.push(list);
        }
    }
    family.wait();
    Ok(lists)
}
