use std::io::{self, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let length = list.len() as u64;
    to.write_all(&length.to_ne_bytes())?;
    let mut body = Vec::with_capacity(list.len() * 8);
    for n in list {
        body.extend_from_slice(&n.to_ne_bytes());
    }
    to.write_all(&body)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut length = [0u8; 8];
    if uninterrupted(|| from.read(&mut length[0..1]))? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..])?;
    let mut body = vec![0u8; 8 * u64::from_ne_bytes(length) as usize];
    from.read_exact(&mut body)?;
    let list = body.chunks_exact(8).map(|bytes| i64::from_ne_bytes(bytes.try_into().unwrap()));
    Ok(Some(list.collect()))
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut readers = Vec::new();
    let mut writers = Vec::new();
    for _ in 0..children {
        let (reader, writer) = io::pipe()?;
        readers.push(reader);
        writers.push(writer);
    }
    let mut pids = Vec::new();
    for number in 1..=children {
        match unsafe { fork() }? {
            ForkResult::Child => {
                send(&mut writers[number - 1], &work(number)).unwrap();
                std::process::exit(0);
            }
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    drop(writers); // fact 3
    let mut lists = Vec::new();
    for reader in &mut readers {
        if let Some(list) = receive(reader)? {
            lists.push(list);
        }
    }
    for pid in pids {
        uninterrupted(|| Ok(waitpid(pid, None)?))?;
    }
    Ok(lists)
}

/// Makes a call once more if a signal came in between.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
