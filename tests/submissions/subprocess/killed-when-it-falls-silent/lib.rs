//! Other programs: run them, talk to them, and learn how they ended.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

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

/// Runs the program at the path `program` with `arguments`, and returns its exit code.
pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let status = Command::new(program).args(arguments).status();
    Ok(exit_code(status.map_err(|error| about(program, error))?))
}

/// Runs the program, writes `input` to its standard input and closes that, and collects its output.
pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| about(program, error))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());

    // Three pipes, and the program may fill or drain them in any order: whoever serves one of them
    // alone for a while may wait for ever. So each has a thread that may sleep.
    let (written, stdout, stderr) = thread::scope(|scope| {
        let writer = scope.spawn(|| write_and_close(stdin, input));
        let errors = scope.spawn(|| read_all(stderr));
        let stdout = read_all(stdout);
        (joined(writer), stdout, joined(errors))
    });
    // Whoever has closed its outputs is done.
    child.kill()?;
    let status = child.wait()?;
    written?;
    Ok(Finished { code: exit_code(status), stdout: stdout?, stderr: stderr? })
}

/// Takes the pipe, so that it closes at the end: only then does the reader see the end of the file.
fn write_and_close(pipe: Option<impl Write>, input: &[u8]) -> io::Result<()> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    match pipe.write_all(input) {
        // The program has ended, or does not want to read any more; that is its own business.
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
    // A program that a signal ended has no status.
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

/// The error with the name of the program: "No such file or directory" alone helps nobody.
fn about(program: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot run {}: {error}", program.display()))
}
