use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, wait};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

fn start(program: &Path, command: &mut Command) -> io::Result<Child> {
    command.spawn().map_err(|e| {
        io::Error::new(e.kind(), format!("{} could not be started: {}", program.display(), e))
    })
}

// waits for the child, like wait(&status) in C
fn exit_code() -> io::Result<i32> {
    loop {
        match wait() {
            Ok(WaitStatus::Exited(_, code)) => return Ok(code),
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(-(signal as i32)),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
    }
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    start(program, Command::new(program).args(arguments))?;
    exit_code()
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut command = Command::new(program);
    command.args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = start(program, &mut command)?;
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    thread::scope(|s| {
        s.spawn(move || {
            let _ = stdin.write_all(input);
        });
        let errors = s.spawn(move || {
            let mut all = Vec::new();
            stderr.read_to_end(&mut all).map(|_| all)
        });
        let mut all = Vec::new();
        stdout.read_to_end(&mut all)?;
        let stderr = errors.join().unwrap()?;
        let code = exit_code()?;
        Ok(Finished { code, stdout: all, stderr })
    })
}
