use std::io::{self, PipeReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

fn bytes_of(list: &[i64]) -> Vec<u8> {
    list.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn numbers_of(bytes: &[u8]) -> Vec<i64> {
    bytes.chunks_exact(8).map(|number| i64::from_le_bytes(number.try_into().unwrap())).collect()
}

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    to.write_all(&(list.len() as u64).to_le_bytes())?;
    to.write_all(&bytes_of(list))
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut length = Vec::new();
    from.by_ref().take(8).read_to_end(&mut length)?;
    if length.is_empty() {
        return Ok(None);
    }
    let length: [u8; 8] =
        length.try_into().map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
    let length = u64::from_le_bytes(length).saturating_mul(8);
    let mut bytes = Vec::new();
    if (from.take(length).read_to_end(&mut bytes)? as u64) < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(numbers_of(&bytes)))
}

struct Worker(Pid, PipeReader);

fn hire(number: usize, work: &impl Fn(usize) -> Vec<i64>) -> io::Result<Worker> {
    let (reader, mut writer) = io::pipe()?;
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Worker(child, reader)),
        ForkResult::Child => {
            drop(reader);
            let result = catch_unwind(AssertUnwindSafe(|| {
                let list = work(number);
                writer.write_all(b"L")?;
                writer.write_all(&bytes_of(&list))
            }));
            unsafe { libc::_exit(i32::from(!matches!(result, Ok(Ok(()))))) }
        }
    }
}

/// A pipe of its own needs no length: the list ends where the pipe does.
fn listen(reader: &mut PipeReader) -> io::Result<Option<Vec<i64>>> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok(match bytes.as_slice() {
        [b'L', rest @ ..] => Some(numbers_of(rest)),
        _ => None,
    })
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut workers = Vec::new();
    let mut result = Ok(Vec::new());
    for number in 1..=children {
        match hire(number, &work) {
            Ok(worker) => workers.push(worker),
            Err(error) => {
                workers.iter().for_each(|Worker(pid, _)| drop(kill(*pid, Signal::SIGKILL)));
                result = Err(error);
                break;
            }
        }
    }
    for Worker(pid, mut reader) in workers {
        if let Ok(lists) = &mut result {
            match listen(&mut reader) {
                Ok(list) => lists.extend(list),
                Err(error) => result = Err(error),
            }
        }
        drop(reader);
        while waitpid(pid, None) == Err(Errno::EINTR) {}
    }
    result
}
