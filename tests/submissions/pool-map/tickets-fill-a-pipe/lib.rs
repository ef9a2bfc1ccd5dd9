use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::process;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// The next of the tickets; none are left at the end.
fn draw(mut tickets: &PipeReader) -> Option<usize> {
    let mut bytes = [0; 8];
    tickets.read_exact(&mut bytes).ok()?;
    Some(usize::from_ne_bytes(bytes))
}

struct Worker {
    pid: Pid,
    /// `None` when everything has come.
    reader: Option<PipeReader>,
    bytes: Vec<u8>,
}

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let chunks: Vec<&[i64]> = input.chunks(chunk).collect();
    let mut team = Vec::new();
    let mut outcome = Ok(());
    // A ticket for each chunk. Who is free draws the next.
    let (tickets, mut machine) = io::pipe()?;
    for number in 0..chunks.len() {
        machine.write_all(&number.to_ne_bytes())?;
    }
    drop(machine);
    for _ in 0..workers {
        match start_one(&chunks, &tickets, &task) {
            Ok(worker) => team.push(worker),
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    if outcome.is_ok() {
        outcome = collect(&mut team);
    }
    // Nobody is left behind, whatever happened. Without readers the workers end.
    for worker in &mut team {
        worker.reader = None;
    }
    for worker in &team {
        let ended = wait_for(worker.pid);
        if outcome.is_ok() {
            outcome = ended;
        }
    }
    outcome?;
    // From each worker come the number of a chunk and its results, again and again.
    let mut results = vec![0; input.len()];
    for worker in &team {
        let mut numbers = worker.bytes.chunks_exact(8).map(|eight| eight.try_into().unwrap());
        while let Some(number) = numbers.next() {
            let first = usize::from_ne_bytes(number) * chunk;
            let end = input.len().min(first + chunk);
            for result in &mut results[first..end] {
                *result = i64::from_ne_bytes(numbers.next().ok_or(io::ErrorKind::InvalidData)?);
            }
        }
    }
    Ok(results)
}

fn start_one(
    chunks: &[&[i64]],
    tickets: &PipeReader,
    task: &impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Worker> {
    let (reader, mut writer) = io::pipe()?;
    // SAFETY: the caller has one thread
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(reader);
            while let Some(number) = draw(tickets) {
                let mut bytes = number.to_ne_bytes().to_vec();
                bytes.extend(task(chunks[number]).iter().flat_map(|result| result.to_ne_bytes()));
                if writer.write_all(&bytes).is_err() {
                    process::exit(1);
                }
            }
            process::exit(0)
        }
        ForkResult::Parent { child } => {
            Ok(Worker { pid: child, reader: Some(reader), bytes: vec![] })
        }
    }
}

fn collect(team: &mut [Worker]) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let ready: Vec<bool> = {
            let mut fds: Vec<PollFd> = team
                .iter()
                .filter_map(|worker| worker.reader.as_ref())
                .map(|reader| PollFd::new(reader.as_fd(), PollFlags::POLLIN))
                .collect();
            if fds.is_empty() {
                return Ok(());
            }
            match poll(&mut fds, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                other => other?,
            };
            fds.iter().map(|fd| fd.any().unwrap_or(true)).collect()
        };
        let open = team.iter_mut().filter(|worker| worker.reader.is_some());
        for (worker, _) in open.zip(ready).filter(|(_, ready)| *ready) {
            match worker.reader.as_mut().unwrap().read(&mut buffer) {
                Ok(0) => worker.reader = None,
                Ok(n) => worker.bytes.extend(&buffer[..n]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn wait_for(pid: Pid) -> io::Result<()> {
    loop {
        match waitpid(pid, None) {
            Err(Errno::EINTR) => {}
            Ok(WaitStatus::Exited(_, 0)) => return Ok(()),
            Ok(how) => return Err(io::Error::other(format!("{how:?}"))),
            Err(error) => return Err(error.into()),
        }
    }
}
