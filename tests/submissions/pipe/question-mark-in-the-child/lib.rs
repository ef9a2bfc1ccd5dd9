use std::io::{self, PipeReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut bytes = (list.len() as u64).to_le_bytes().to_vec();
    for n in list {
        bytes.extend(n.to_le_bytes());
    }
    to.write_all(&bytes)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut length = [0u8; 8];
    loop {
        match from.read(&mut length[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    from.read_exact(&mut length[1..])?;
    let mut list = Vec::new();
    for _ in 0..u64::from_le_bytes(length) {
        let mut n = [0; 8];
        from.read_exact(&mut n)?;
        list.push(i64::from_le_bytes(n));
    }
    Ok(Some(list))
}

fn wait_for(pid: Pid) -> io::Result<()> {
    loop {
        match waitpid(pid, None) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

fn kill_all(started: &[(Pid, PipeReader)]) -> io::Result<()> {
    for (pid, _) in started {
        let _ = kill(*pid, Signal::SIGKILL);
        wait_for(*pid)?;
    }
    Ok(())
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut started: Vec<(Pid, PipeReader)> = Vec::new();
    for number in 1..=children {
        let (reader, mut writer) = match io::pipe() {
            Ok(ends) => ends,
            Err(e) => {
                kill_all(&started)?;
                return Err(e);
            }
        };
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                // the reading ends are the parent's
                drop(reader);
                started.clear();
                // a panic of the work ends the child here
                let Ok(list) = catch_unwind(AssertUnwindSafe(|| work(number))) else {
                    std::process::exit(101)
                };
                send(&mut writer, &list)?;
                std::process::exit(0)
            }
            Ok(ForkResult::Parent { child }) => started.push((child, reader)),
            Err(e) => {
                kill_all(&started)?;
                return Err(e.into());
            }
        }
    }
    let mut lists = Vec::new();
    for (_, reader) in &mut started {
        if let Ok(Some(list)) = receive(reader) {
            lists.push(list);
        }
    }
    for (pid, _) in started {
        wait_for(pid)?;
    }
    Ok(lists)
}
