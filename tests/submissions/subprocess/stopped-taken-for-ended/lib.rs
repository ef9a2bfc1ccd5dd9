use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// Wait for the child, as a shell does.
fn wait_for(child: &Child) -> io::Result<i32> {
    let mut status: libc::c_int = 0;
    loop {
        let pid = unsafe { libc::waitpid(child.id() as i32, &mut status, libc::WUNTRACED) };
        if pid == -1 {
            let e = io::Error::last_os_error();
            if e.raw_os_error() == Some(libc::EINTR) {
                continue;
            }
            return Err(e);
        }
        break;
    }
    if libc::WIFEXITED(status) {
        Ok(libc::WEXITSTATUS(status))
    } else {
        Ok(-libc::WTERMSIG(status))
    }
}

fn explain(e: io::Error, program: &Path) -> io::Error {
    io::Error::new(e.kind(), format!("{}: {e}", program.display()))
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let child = Command::new(program).args(arguments).spawn().map_err(|e| explain(e, program))?;
    wait_for(&child)
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| explain(e, program))?;
    let mut stdin = child.stdin.take().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut err = child.stderr.take().unwrap();
    let mut stdout = Vec::new();
    let mut stderr = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        scope.spawn(|| err.read_to_end(&mut stderr));
        out.read_to_end(&mut stdout)
    })?;
    let code = wait_for(&child)?;
    Ok(Finished { code, stdout, stderr })
}
