#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::thread;

struct Pipes {
    stdin: (PipeReader, PipeWriter),
    stdout: (PipeReader, PipeWriter),
    stderr: (PipeReader, PipeWriter),
}

impl Pipes {
    fn open() -> io::Result<Pipes> {
        Ok(Pipes { stdin: io::pipe()?, stdout: io::pipe()?, stderr: io::pipe()? })
    }
}

enum Message {
    Out(Vec<u8>),
    Err(Vec<u8>),
}

#[derive(Debug)]
struct CannotRun {
    program: PathBuf,
    cause: io::Error,
}

impl std::fmt::Display for CannotRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot run {}: {}", self.program.display(), self.cause)
    }
}

impl std::error::Error for CannotRun {}

fn spawn(command: &mut Command, program: &Path) -> io::Result<Child> {
    command.spawn().map_err(|cause| {
        io::Error::new(cause.kind(), CannotRun { program: program.to_owned(), cause })
    })
}

fn code(s: ExitStatus) -> i32 {
    s.code().unwrap_or_else(|| -s.signal().expect("it has ended"))
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let mut child = spawn(Command::new(program).args(arguments), program)?;
    Ok(code(child.wait()?))
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let Pipes { stdin, stdout, stderr } = Pipes::open()?;
    let mut child = {
        let mut command = Command::new(program);
        command.args(arguments).stdin(stdin.0).stdout(stdout.1).stderr(stderr.1);
        spawn(&mut command, program)?
        // the command, and with it our copies of the program's ends, go here
    };
    let (send, receive) = mpsc::channel();
    let (mut to, mut from_out, mut from_err) = (stdin.1, stdout.0, stderr.0);
    let finished = thread::scope(|s| {
        s.spawn(move || to.write_all(input));
        let other = send.clone();
        s.spawn(move || {
            let mut all = Vec::new();
            let _ = from_out.read_to_end(&mut all);
            let _ = send.send(Message::Out(all));
        });
        s.spawn(move || {
            let mut all = Vec::new();
            let _ = from_err.read_to_end(&mut all);
            let _ = other.send(Message::Err(all));
        });
        let mut finished = Finished { code: 0, stdout: vec![], stderr: vec![] };
        for message in receive {
            match message {
                Message::Out(all) => finished.stdout = all,
                Message::Err(all) => finished.stderr = all,
            }
        }
        finished
    });
    Ok(Finished { code: code(child.wait()?), ..finished })
}
