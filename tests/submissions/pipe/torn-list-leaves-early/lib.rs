use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let header = (list.len() as u64).to_be_bytes();
    let body: Vec<[u8; 8]> = list.iter().map(|number| number.to_be_bytes()).collect();
    to.write_all(&header)?;
    to.write_all(body.as_flattened())
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut header = [0; 8];
    let mut filled = 0;
    while filled < header.len() {
        match from.read(&mut header[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => filled += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let bytes = 8 * u64::from_be_bytes(header);
    let mut body = Vec::new();
    from.take(bytes).read_to_end(&mut body)?;
    if (body.len() as u64) < bytes {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let (numbers, _) = body.as_chunks::<8>();
    Ok(Some(numbers.iter().map(|number| i64::from_be_bytes(*number)).collect()))
}

fn wait(pid: Pid) -> io::Result<()> {
    loop {
        match waitpid(pid, None) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut pids = vec![];
    let mut readers = vec![];
    let mut forks = || -> io::Result<()> {
        for number in 1..=children {
            let (reader, mut writer) = io::pipe()?;
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(reader);
                    let sent = catch_unwind(AssertUnwindSafe(|| send(&mut writer, &work(number))));
                    unsafe { libc::_exit(i32::from(!matches!(sent, Ok(Ok(()))))) }
                }
                ForkResult::Parent { child } => {
                    pids.push(child);
                    readers.push(reader);
                }
            }
        }
        Ok(())
    };
    if let Err(error) = forks() {
        for &pid in &pids {
            let _ = kill(pid, Signal::SIGKILL);
            wait(pid)?;
        }
        return Err(error);
    }
    let lists: io::Result<Vec<Option<Vec<i64>>>> =
        readers.into_iter().map(|reader| receive(&mut BufReader::new(reader))).collect();
    let lists = lists?;
    for pid in pids {
        wait(pid)?;
    }
    Ok(lists.into_iter().flatten().collect())
}
