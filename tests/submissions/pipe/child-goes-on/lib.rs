//! A pipe for each child.

use std::io::{self, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    to.write_all(&(list.len() as u64).to_le_bytes())?;
    let bytes: Vec<u8> = list.iter().flat_map(|number| number.to_le_bytes()).collect();
    to.write_all(&bytes)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut length = [0; 8];
    if uninterrupted(|| from.read(&mut length[..1]))? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..])?;
    let mut bytes = vec![0; 8 * u64::from_le_bytes(length) as usize];
    from.read_exact(&mut bytes)?;
    let number = |bytes: &[u8]| i64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    Ok(Some(bytes.chunks(8).map(number).collect()))
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut started = Vec::new();
    for number in 1..=children {
        let (reader, mut writer) = io::pipe()?;
        // SAFETY: there is one thread only.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let list = work(number);
                send(&mut writer, &list).expect("the parent reads");
                return Ok(Vec::new());
            }
            ForkResult::Parent { child } => {
                drop(writer);
                started.push((child, reader));
            }
        }
    }
    let mut lists = Vec::new();
    for (_, reader) in &mut started {
        while let Some(list) = receive(reader)? {
            lists.push(list);
        }
    }
    for (child, _) in started {
        uninterrupted(|| Ok(waitpid(child, None)?))?;
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
