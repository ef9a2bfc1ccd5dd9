use std::io::{self, ErrorKind, Read, Write};

use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut out = vec![list.len() as i64];
    out.extend_from_slice(list);
    let bytes: Vec<u8> = out.into_iter().flat_map(i64::to_ne_bytes).collect();
    to.write_all(&bytes)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut start = [0u8];
    match uninterrupted(|| from.read(&mut start))? {
        0 => return Ok(None),
        _ => (),
    }
    let mut length = [0u8; 8];
    length[0] = start[0];
    from.read_exact(&mut length[1..])?;
    let length = i64::from_ne_bytes(length);
    if length < 0 {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut result = vec![];
    while (result.len() as i64) < length {
        let mut number = [0u8; 8];
        from.read_exact(&mut number)?;
        result.push(i64::from_ne_bytes(number));
    }
    Ok(Some(result))
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut readers = vec![];
    for number in 1..=children {
        let (reader, mut writer) = io::pipe()?;
        if let ForkResult::Child = unsafe { fork()? } {
            drop(reader);
            send(&mut writer, &work(number)).expect("parent reads");
            std::process::exit(0);
        }
        readers.push(reader);
    }
    let mut lists = vec![];
    for reader in readers {
        let mut reader = io::BufReader::new(reader);
        while let Some(list) = receive(&mut reader)? {
            lists.push(list);
        }
    }
    for _ in 0..children {
        wait()?;
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
