use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::IntoRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap())
}

fn explain(program: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot run {}: {error}", program.display()))
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let messages = File::open("/dev/null").map_err(|error| explain(program, error))?.into_raw_fd();
    let status =
        Command::new(program).args(arguments).status().map_err(|error| explain(program, error))?;
    // SAFETY: nobody uses it any more.
    unsafe { libc::close(messages) };
    Ok(code(status))
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
    let mut out = child.stdout.take().unwrap();
    let mut err = child.stderr.take().unwrap();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        scope.spawn(|| err.read_to_end(&mut stderr).unwrap());
        out.read_to_end(&mut stdout)
    })?;
    let code = code(child.wait()?);
    Ok(Finished { code, stdout, stderr })
}
