use std::ffi::CString;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, execv, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    end_of(start(program, arguments, || Ok(()))?)
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let (their_in, stdin) = pipe(program)?;
    let (stdout, their_out) = pipe(program)?;
    let (stderr, their_err) = pipe(program)?;
    let pid = start(program, arguments, || {
        dup2_stdin(&their_in)?;
        dup2_stdout(&their_out)?;
        dup2_stderr(&their_err)?;
        Ok(())
    })?;
    drop((their_in, their_out, their_err));
    let served = serve(stdin, stdout, stderr, input);
    let code = end_of(pid)?;
    let (stdout, stderr) = served?;
    Ok(Finished { code, stdout, stderr })
}

fn named(program: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", program.display()))
}

fn pipe(program: &Path) -> io::Result<(PipeReader, PipeWriter)> {
    io::pipe().map_err(|error| named(program, error))
}

/// Forks and executes. A pipe that closes on exec tells the parent whether that went well.
fn start(
    program: &Path,
    arguments: &[&str],
    prepare: impl Fn() -> nix::Result<()>,
) -> io::Result<Pid> {
    let path = CString::new(program.as_os_str().as_bytes())?;
    let mut words = vec![path.clone()];
    for argument in arguments {
        words.push(CString::new(*argument)?);
    }
    let (mut trouble, teller) = pipe(program)?;
    // SAFETY: one thread; everything that the child needs has been made before.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let failed = prepare().and_then(|()| execv(&path, &words)).unwrap_err();
            let _ = (&teller).write_all(&(failed as i32).to_ne_bytes());
            // SAFETY: the end.
            unsafe { libc::_exit(127) }
        }
        ForkResult::Parent { child } => {
            drop(teller);
            let mut said = Vec::new();
            trouble.read_to_end(&mut said)?;
            let Ok(number) = <[u8; 4]>::try_from(&said[..]) else { return Ok(child) };
            uninterrupted(|| Ok(waitpid(child, None)?))?;
            Err(named(program, Errno::from_raw(i32::from_ne_bytes(number)).into()))
        }
    }
}

fn end_of(pid: Pid) -> io::Result<i32> {
    match uninterrupted(|| Ok(waitpid(pid, None)?))? {
        WaitStatus::Exited(_, status) => Ok(status),
        WaitStatus::Signaled(_, signal, _) => Ok(-(signal as i32)),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

/// One thread serves all three, whichever is ready.
fn serve(
    stdin: PipeWriter,
    stdout: PipeReader,
    stderr: PipeReader,
    mut input: &[u8],
) -> io::Result<(Vec<u8>, Vec<u8>)> {
    fcntl(&stdin, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let mut stdin = Some(stdin).filter(|_| !input.is_empty());
    let mut outputs = [(Some(stdout), Vec::new()), (Some(stderr), Vec::new())];
    while stdin.is_some() || outputs.iter().any(|(pipe, _)| pipe.is_some()) {
        let mut waits = Vec::new();
        waits.extend(stdin.iter().map(|pipe| PollFd::new(pipe.as_fd(), PollFlags::POLLOUT)));
        for pipe in outputs.iter().filter_map(|(pipe, _)| pipe.as_ref()) {
            waits.push(PollFd::new(pipe.as_fd(), PollFlags::POLLIN));
        }
        uninterrupted(|| Ok(poll(&mut waits, PollTimeout::NONE)?))?;
        let ready: Vec<i32> = waits
            .iter()
            .filter(|wait| wait.any() == Some(true))
            .map(|wait| wait.as_fd().as_raw_fd())
            .collect();
        drop(waits);
        if let Some(pipe) = stdin.as_mut().filter(|pipe| ready.contains(&pipe.as_raw_fd())) {
            match pipe.write(input) {
                Ok(written) => input = &input[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => input = &[],
                Err(error) => return Err(error),
            }
            if input.is_empty() {
                stdin = None;
            }
        }
        for (pipe, bytes) in &mut outputs {
            let Some(reader) = pipe.as_mut().filter(|one| ready.contains(&one.as_raw_fd())) else {
                continue;
            };
            let mut piece = [0; 8192];
            match reader.read(&mut piece)? {
                0 => *pipe = None,
                read => bytes.extend_from_slice(&piece[..read]),
            }
        }
    }
    let [(_, stdout), (_, stderr)] = outputs;
    Ok((stdout, stderr))
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
