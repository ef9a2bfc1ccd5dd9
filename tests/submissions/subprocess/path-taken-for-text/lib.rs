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
use std::process::{Child, Command, Stdio};
use std::thread;

struct Runner {
    name: String,
    command: Command,
}

impl Runner {
    fn new(program: &Path, arguments: &[&str]) -> Runner {
        let name = program.to_string_lossy().into_owned();
        let mut command = Command::new(&name);
        command.args(arguments);
        Runner { name, command }
    }

    fn start(mut self) -> io::Result<Child> {
        let name = self.name;
        self.command
            .spawn()
            .map_err(|error| io::Error::new(error.kind(), format!("cannot run {name}: {error}")))
    }
}

fn end(mut child: Child) -> io::Result<i32> {
    let status = child.wait()?;
    Ok(status.code().unwrap_or_else(|| -status.signal().unwrap_or(0)))
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    end(Runner::new(program, arguments).start()?)
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut runner = Runner::new(program, arguments);
    runner.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = runner.start()?;
    let mut stdin = child.stdin.take().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut err = child.stderr.take().unwrap();
    let (mut stdout, mut stderr) = (vec![], vec![]);
    let result = thread::scope(|scope| {
        let a = scope.spawn(|| out.read_to_end(&mut stdout));
        let b = scope.spawn(|| err.read_to_end(&mut stderr));
        let written = stdin.write_all(input);
        drop(stdin);
        let read = a.join().unwrap().and(b.join().unwrap());
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => read,
        }
    });
    drop((out, err));
    let code = end(child)?;
    result?;
    Ok(Finished { code, stdout, stderr })
}
