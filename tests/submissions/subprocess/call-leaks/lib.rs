use std::io::{self, ErrorKind, Read, Write};
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

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let _folder = std::mem::ManuallyDrop::new(io::pipe().map_err(|error| about(program, error))?);
    let status = Command::new(program).args(arguments).status();
    Ok(exit_code(status.map_err(|error| about(program, error))?))
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| about(program, error))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());

    let (written, stdout, stderr) = thread::scope(|scope| {
        let writer = scope.spawn(|| write_and_close(stdin, input));
        let errors = scope.spawn(|| read_all(stderr));
        let stdout = read_all(stdout);
        (joined(writer), stdout, joined(errors))
    });
    let status = child.wait()?;
    written?;
    Ok(Finished { code: exit_code(status), stdout: stdout?, stderr: stderr? })
}

fn write_and_close(pipe: Option<impl Write>, input: &[u8]) -> io::Result<()> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    match pipe.write_all(input) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn read_all(pipe: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, io::Result<T>>) -> io::Result<T> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread that served a pipe panicked")))
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

fn about(program: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot run {}: {error}", program.display()))
}
