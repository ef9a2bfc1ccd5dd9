use std::io;
use std::path::Path;

/// What came of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code: its status if it exited, `-n` if signal `n` ended it.
    pub code: i32,
    /// All that it wrote to standard output.
    pub stdout: Vec<u8>,
    /// All that it wrote to standard error.
    pub stderr: Vec<u8>,
}

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

fn named(program: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", program.display()))
}

fn decode(status: std::process::ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap())
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let status = Command::new(program).args(arguments).status();
    status.map(decode).map_err(|error| named(program, error))
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| named(program, error))?;

    let stdin = child.stdin.take().unwrap();
    fcntl(&stdin, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let mut stdin = Some(File::from(OwnedFd::from(stdin)));
    let mut outputs = [
        (Some(File::from(OwnedFd::from(child.stdout.take().unwrap()))), Vec::new()),
        (Some(File::from(OwnedFd::from(child.stderr.take().unwrap()))), Vec::new()),
    ];
    let mut position = 0;
    let mut buffer = [0u8; 32 * 1024];

    loop {
        if position == input.len() {
            stdin = None;
        }
        // What is still open, and what it is: 0 the input, 1 and 2 the outputs.
        let mut what = Vec::new();
        let mut fds = Vec::new();
        if let Some(file) = &stdin {
            what.push(0);
            fds.push(PollFd::new(file.as_fd(), PollFlags::POLLOUT));
        }
        for (number, (file, _)) in outputs.iter().enumerate() {
            if let Some(file) = file {
                what.push(number + 1);
                fds.push(PollFd::new(file.as_fd(), PollFlags::POLLIN));
            }
        }
        if fds.is_empty() {
            break;
        }
        poll(&mut fds, PollTimeout::NONE)?;
        let ready: Vec<usize> = what
            .iter()
            .zip(&fds)
            .filter(|(_, fd)| fd.revents().is_some_and(|events| !events.is_empty()))
            .map(|(what, _)| *what)
            .collect();
        for what in ready {
            if what == 0 {
                match stdin.as_mut().unwrap().write(&input[position..]) {
                    Ok(n) => position += n,
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    Err(e) if e.kind() == io::ErrorKind::BrokenPipe => position = input.len(),
                    Err(e) => return Err(e),
                }
            } else {
                let (file, bytes) = &mut outputs[what - 1];
                match file.as_mut().unwrap().read(&mut buffer)? {
                    0 => *file = None,
                    n => bytes.extend_from_slice(&buffer[..n]),
                }
            }
        }
    }
    let code = decode(child.wait()?);
    let [(_, stdout), (_, stderr)] = outputs;
    Ok(Finished { code, stdout, stderr })
}
