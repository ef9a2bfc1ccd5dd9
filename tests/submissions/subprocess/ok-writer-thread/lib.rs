use std::io::{self, Write};
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

fn named(program: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| {
        io::Error::new(error.kind(), format!("{program:?} ({}): {error}", program.display()))
    }
}

fn code(status: ExitStatus) -> i32 {
    match status.signal() {
        Some(signal) => -signal,
        None => status.into_raw() >> 8 & 255,
    }
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let mut child = Command::new(program).args(arguments).spawn().map_err(named(program))?;
    child.wait().map(code)
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(named(program))?;
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The thread owns the pipe; it is closed when the thread is done, however that was.
    let writer = thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output()?;
    writer.join().unwrap();
    Ok(Finished { code: code(output.status), stdout: output.stdout, stderr: output.stderr })
}
