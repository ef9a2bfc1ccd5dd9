use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap())
}

fn name(program: &Path, e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("cannot run {}: {e}", program.display()))
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let status = Command::new(program).args(arguments).status().map_err(|e| name(program, e))?;
    Ok(code(status))
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| name(program, e))?;
    let mut stdin = child.stdin.take();
    let mut stdout = child.stdout.take();
    let mut stderr = child.stderr.take();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut written = 0;
    let mut buf = vec![0; 65536];

    // our end only, the program has another file description
    fcntl(stdin.as_ref().unwrap(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;

    // until the program has nothing more to say
    while stdout.is_some() || stderr.is_some() {
        if written == input.len() {
            stdin = None;
        }
        let mut fds = Vec::new();
        let mut who = Vec::new();
        if let Some(s) = &stdin {
            fds.push(PollFd::new(s.as_fd(), PollFlags::POLLOUT));
            who.push(0);
        }
        if let Some(s) = &stdout {
            fds.push(PollFd::new(s.as_fd(), PollFlags::POLLIN));
            who.push(1);
        }
        if let Some(s) = &stderr {
            fds.push(PollFd::new(s.as_fd(), PollFlags::POLLIN));
            who.push(2);
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(e) => return Err(e.into()),
        }
        let ready: Vec<i32> = fds
            .iter()
            .zip(&who)
            .filter(|(f, _)| f.revents().is_some_and(|r| !r.is_empty()))
            .map(|(_, w)| *w)
            .collect();
        drop(fds);
        for w in ready {
            match w {
                0 => match stdin.as_mut().unwrap().write(&input[written..]) {
                    Ok(n) => written += n,
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    // broken pipe: it does not want more
                    Err(_) => stdin = None,
                },
                1 => match stdout.as_mut().unwrap().read(&mut buf) {
                    Ok(0) => stdout = None,
                    Ok(n) => out.extend_from_slice(&buf[..n]),
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Err(e) => return Err(e),
                },
                _ => match stderr.as_mut().unwrap().read(&mut buf) {
                    Ok(0) => stderr = None,
                    Ok(n) => err.extend_from_slice(&buf[..n]),
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Err(e) => return Err(e),
                },
            }
        }
    }
    drop(stdin);
    let status = child.wait()?;
    Ok(Finished { code: code(status), stdout: out, stderr: err })
}
