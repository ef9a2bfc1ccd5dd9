use std::io::{self, ErrorKind, PipeReader, Read, Write};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut bytes = (list.len() as u64).to_ne_bytes().to_vec();
    bytes.extend(list.iter().flat_map(|number| number.to_ne_bytes()));
    to.write_all(&bytes)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut header = [0; 8];
    if read_or_end(from, &mut header[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut header[1..])?;
    let mut list = Vec::new();
    for _ in 0..u64::from_ne_bytes(header) {
        let mut number = [0; 8];
        from.read_exact(&mut number)?;
        list.push(i64::from_ne_bytes(number));
    }
    Ok(Some(list))
}

fn read_or_end(from: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut lists = Vec::new();
    for first in (1..=children).step_by(8) {
        let mut started = Vec::new();
        for number in first..=children.min(first + 7) {
            started.push(start(|| work(number))?);
        }
        for (_, pipe) in &mut started {
            let mut pipe = io::BufReader::new(pipe);
            while let Some(list) = receive(&mut pipe)? {
                lists.push(list);
            }
        }
        for (child, _) in started {
            uninterrupted(|| Ok(waitpid(child, None)?))?;
        }
    }
    Ok(lists)
}

fn start(work: impl Fn() -> Vec<i64>) -> io::Result<(Pid, PipeReader)> {
    let (reader, mut writer) = io::pipe()?;
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(reader);
            let sent = send(&mut writer, &work());
            exit(i32::from(sent.is_err()))
        }
        ForkResult::Parent { child } => Ok((child, reader)),
    }
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
