use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut bytes = Vec::new();
    bytes.extend((list.len() as u64).to_ne_bytes());
    list.iter().for_each(|n| bytes.extend(n.to_ne_bytes()));
    to.write_all(&bytes)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut head = [0u8; 8];
    let mut got = 0;
    while got < 8 {
        let n = uninterrupted(|| from.read(&mut head[got..]))?;
        if n == 0 {
            return if got == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        got += n;
    }
    let mut body = vec![0u8; u64::from_ne_bytes(head) as usize * 8];
    from.read_exact(&mut body)?;
    Ok(Some(body.chunks(8).map(|c| i64::from_ne_bytes(c.try_into().unwrap())).collect()))
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut started = Vec::new();
    for number in 1..=children {
        let (reader, mut writer) = io::pipe()?;
        // the default of 64 KiB was too small
        unsafe { libc::fcntl(writer.as_raw_fd(), libc::F_SETPIPE_SZ, 1 << 20) };
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let _ = send(&mut writer, &work(number));
                std::process::exit(0);
            }
            ForkResult::Parent { child } => started.push((child, reader)),
        }
    }
    for (child, _) in &started {
        uninterrupted(|| Ok(waitpid(*child, None)?))?;
    }
    let mut lists = Vec::new();
    for (_, mut reader) in started {
        if let Some(list) = receive(&mut reader)? {
            lists.push(list);
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
