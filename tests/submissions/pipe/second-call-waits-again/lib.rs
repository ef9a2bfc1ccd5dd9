use std::io::{self, PipeReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

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

// everybody who has to be waited for
static CHILDREN: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

fn wait_for_all() -> io::Result<()> {
    for &pid in CHILDREN.lock().unwrap().iter() {
        while let Err(e) = waitpid(pid, None) {
            if e != Errno::EINTR {
                return Err(e.into());
            }
        }
    }
    Ok(())
}

fn start(number: usize, work: &impl Fn(usize) -> Vec<i64>) -> io::Result<PipeReader> {
    let (reader, mut writer) = io::pipe()?;
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(reader);
            let ok = catch_unwind(AssertUnwindSafe(|| send(&mut writer, &work(number))));
            std::process::exit(match ok {
                Ok(Ok(())) => 0,
                _ => 1,
            })
        }
        ForkResult::Parent { child } => {
            CHILDREN.lock().unwrap().push(child);
            Ok(reader)
        }
    }
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut readers = Vec::new();
    for number in 1..=children {
        match start(number, &work) {
            Ok(reader) => readers.push(reader),
            Err(e) => {
                for &pid in CHILDREN.lock().unwrap().iter() {
                    let _ = kill(pid, Signal::SIGKILL);
                }
                wait_for_all()?;
                return Err(e);
            }
        }
    }
    let mut lists = Vec::new();
    for mut reader in readers {
        // an error: it died while it was sending
        if let Ok(Some(list)) = receive(&mut reader) {
            lists.push(list);
        }
    }
    wait_for_all()?;
    Ok(lists)
}
