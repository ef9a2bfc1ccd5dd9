use std::io::{self, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

fn frame(list: &[i64]) -> Vec<u8> {
    let mut bytes = (list.len() as u64).to_ne_bytes().to_vec();
    bytes.extend(list.iter().flat_map(|n| n.to_ne_bytes()));
    bytes
}

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    to.write_all(&frame(list))
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut head = [0u8; 8];
    if uninterrupted(|| from.read(&mut head[..1]))? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[1..])?;
    let count = u64::from_ne_bytes(head);
    let mut list = vec![];
    let mut number = [0u8; 8];
    for _ in 0..count {
        from.read_exact(&mut number)?;
        list.push(i64::from_ne_bytes(number));
    }
    Ok(Some(list))
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let (reader, mut writer) = io::pipe()?;
    let (mut turn_out, mut turn_in) = io::pipe()?;
    turn_in.write_all(&[1])?;
    let mut pids = Vec::new();
    for number in 1..=children {
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let list = work(number);
                // PIPE_BUF: small writes are never cut up.
                if frame(&list).len() <= 4096 {
                    send(&mut writer, &list).unwrap();
                } else {
                    let mut turn = [0];
                    turn_out.read_exact(&mut turn).unwrap();
                    send(&mut writer, &list).unwrap();
                    turn_in.write_all(&turn).unwrap();
                }
                std::process::exit(0)
            }
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    drop(writer);
    let mut reader = io::BufReader::new(reader);
    let mut lists = Vec::new();
    while let Ok(Some(list)) = receive(&mut reader) {
        lists.push(list);
    }
    drop(reader);
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
