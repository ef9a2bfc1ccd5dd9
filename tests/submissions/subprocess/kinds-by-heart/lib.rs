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

use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::thread;

fn explain(program: &Path, error: io::Error) -> io::Error {
    let program = program.display();
    match error.kind() {
        ErrorKind::NotFound => {
            io::Error::new(ErrorKind::NotFound, format!("there is no program {program}"))
        }
        ErrorKind::PermissionDenied => {
            io::Error::new(ErrorKind::PermissionDenied, format!("{program} may not be run"))
        }
        ErrorKind::NotADirectory => {
            io::Error::new(ErrorKind::NotADirectory, format!("{program} leads through a file"))
        }
        ErrorKind::ArgumentListTooLong => io::Error::new(
            ErrorKind::ArgumentListTooLong,
            format!("{program} cannot take so long an argument"),
        ),
        ErrorKind::InvalidInput => {
            io::Error::new(ErrorKind::InvalidInput, format!("bad arguments for {program}: {error}"))
        }
        _ => io::Error::other(format!("cannot run {program}: {error}")),
    }
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let status =
        Command::new(program).args(arguments).status().map_err(|error| explain(program, error))?;
    Ok(status.code().unwrap_or_else(|| -status.signal().unwrap()))
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| explain(program, error))?;
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        let writer = scope.spawn(move || match stdin.write_all(input) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => other,
        });
        let mut err = child.stderr.take().unwrap();
        let errors = scope.spawn(move || {
            let mut bytes = Vec::new();
            err.read_to_end(&mut bytes).map(|_| bytes)
        });
        let mut stdout = Vec::new();
        let read = child.stdout.take().unwrap().read_to_end(&mut stdout);
        let status = child.wait()?;
        writer.join().unwrap()?;
        read?;
        let stderr = errors.join().unwrap()?;
        Ok::<_, io::Error>((status, stdout, stderr))
    });
    let (status, stdout, stderr) = output?;
    let code = status.code().unwrap_or_else(|| -status.signal().unwrap());
    Ok(Finished { code, stdout, stderr })
}
