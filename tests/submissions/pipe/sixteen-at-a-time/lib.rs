use std::io::{self, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Too many open files otherwise.
const AT_ONCE: usize = 16;

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    to.write_all(&(list.len() as u64).to_ne_bytes())?;
    for n in list {
        to.write_all(&n.to_ne_bytes())?;
    }
    Ok(())
}

fn word(from: &mut impl Read) -> io::Result<Option<[u8; 8]>> {
    let mut bytes = [0u8; 8];
    let mut have = 0;
    while have < 8 {
        match uninterrupted(|| from.read(&mut bytes[have..]))? {
            0 if have == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => have += n,
        }
    }
    Ok(Some(bytes))
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let Some(head) = word(from)? else { return Ok(None) };
    let mut list = Vec::new();
    for _ in 0..u64::from_ne_bytes(head) {
        list.push(i64::from_ne_bytes(word(from)?.ok_or(io::ErrorKind::UnexpectedEof)?));
    }
    Ok(Some(list))
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let numbers: Vec<usize> = (1..=children).collect();
    let mut lists = vec![];
    for batch in numbers.chunks(AT_ONCE) {
        let mut running = vec![];
        for &number in batch {
            let (reader, writer) = io::pipe()?;
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(reader);
                    drop(running);
                    let mut writer = io::BufWriter::new(writer);
                    let sent = send(&mut writer, &work(number)).and_then(|()| writer.flush());
                    std::process::exit(sent.is_err().into())
                }
                ForkResult::Parent { child } => running.push((child, reader)),
            }
        }
        for (child, reader) in running {
            let mut reader = io::BufReader::new(reader);
            while let Ok(Some(list)) = receive(&mut reader) {
                lists.push(list);
            }
            drop(reader);
            uninterrupted(|| Ok(waitpid(child, None)?))?;
        }
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
