//! The parent sends a chunk to each worker, reads all answers, and begins the next round.

// Java's invokeAll, again and again: in each round every worker gets one chunk and answers.
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::process;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

struct Worker {
    pid: Pid,
    line: UnixStream,
}

impl Worker {
    fn hire(
        earlier: &[Worker],
        chunk: usize,
        input: &[i64],
        task: &impl Fn(&[i64]) -> Vec<i64>,
    ) -> io::Result<Worker> {
        let (ours, theirs) = UnixStream::pair()?;
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Worker { pid: child, line: ours }),
            ForkResult::Child => {
                // shut nothing down here: only our copies of the lines have to go
                for other in earlier {
                    unsafe { libc::close(std::os::fd::AsRawFd::as_raw_fd(&other.line)) };
                }
                drop(ours);
                process::exit(match serve(theirs, chunk, input, task) {
                    Ok(()) => 0,
                    Err(_) => 1,
                })
            }
        }
    }

    fn fire(self) -> io::Result<()> {
        let _ = self.line.shutdown(Shutdown::Both);
        loop {
            match waitpid(self.pid, None) {
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Ok(()),
            }
        }
    }
}

fn serve(
    mut line: UnixStream,
    chunk: usize,
    input: &[i64],
    task: &impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<()> {
    let mut start = [0; 8];
    loop {
        match line.read_exact(&mut start) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        }
        let start = usize::from_ne_bytes(start);
        let end = input.len().min(start.saturating_add(chunk));
        let mut answer = Vec::new();
        for result in task(&input[start..end]) {
            answer.extend(result.to_ne_bytes());
        }
        line.write_all(&answer)?;
    }
}

fn round(
    staff: &mut [Worker],
    start: &mut usize,
    chunk: usize,
    out: &mut Vec<i64>,
    total: usize,
) -> io::Result<()> {
    let mut expected = vec![];
    for worker in staff.iter_mut() {
        if *start >= total {
            break;
        }
        worker.line.write_all(&start.to_ne_bytes())?;
        let len = chunk.min(total - *start);
        expected.push(len);
        *start += len;
    }
    for (worker, len) in staff.iter_mut().zip(expected) {
        let mut bytes = vec![0; 8 * len];
        worker.line.read_exact(&mut bytes)?;
        out.extend(bytes.as_chunks::<8>().0.iter().map(|b| i64::from_ne_bytes(*b)));
    }
    Ok(())
}

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let mut staff: Vec<Worker> = Vec::new();
    let mut result = Ok(());
    for _ in 0..workers {
        match Worker::hire(&staff, chunk, input, &task) {
            Ok(worker) => staff.push(worker),
            Err(error) => {
                result = Err(error);
                break;
            }
        }
    }
    let (mut start, mut out) = (0, Vec::with_capacity(input.len()));
    while result.is_ok() && start < input.len() {
        result = round(&mut staff, &mut start, chunk, &mut out, input.len());
    }
    for worker in staff {
        let fired = worker.fire();
        result = result.and(fired);
    }
    result.map(|()| out)
}
