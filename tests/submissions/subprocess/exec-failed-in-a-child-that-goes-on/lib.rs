use std::ffi::CString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, dup2_stderr, dup2_stdin, dup2_stdout, execv, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

fn execute(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let path = CString::new(program.as_os_str().as_bytes())?;
    let mut words = vec![path.clone()];
    for argument in arguments {
        words.push(CString::new(*argument)?);
    }
    execv(&path, &words).map_err(|error| {
        io::Error::new(io::Error::from(error).kind(), program.display().to_string())
    })?;
    Ok(127)
}

fn code(status: WaitStatus) -> i32 {
    match status {
        WaitStatus::Exited(_, status) => status,
        WaitStatus::Signaled(_, signal, _) => -(signal as i32),
        _ => 0,
    }
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    match unsafe { fork() }? {
        ForkResult::Child => execute(program, arguments),
        ForkResult::Parent { child } => Ok(code(uninterrupted(|| Ok(waitpid(child, None)?))?)),
    }
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let (their_in, mut stdin) = io::pipe()?;
    let (mut stdout, their_out) = io::pipe()?;
    let (mut stderr, their_err) = io::pipe()?;
    match unsafe { fork() }? {
        ForkResult::Child => {
            dup2_stdin(&their_in)?;
            dup2_stdout(&their_out)?;
            dup2_stderr(&their_err)?;
            let code = execute(program, arguments)?;
            Ok(Finished { code, stdout: Vec::new(), stderr: Vec::new() })
        }
        ForkResult::Parent { child } => {
            drop((their_in, their_out, their_err));
            let mut all = [Vec::new(), Vec::new()];
            let [out, err] = &mut all;
            thread::scope(|scope| {
                scope.spawn(move || stdin.write_all(input));
                scope.spawn(move || stderr.read_to_end(err));
                stdout.read_to_end(out)
            })?;
            let [stdout, stderr] = all;
            Ok(Finished {
                code: code(uninterrupted(|| Ok(waitpid(child, None)?))?),
                stdout,
                stderr,
            })
        }
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
