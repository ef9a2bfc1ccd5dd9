#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

use std::io;
use std::io::{Read, Write};
use std::mem::zeroed;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::{ptr, thread};

/// As in system(3): who waits for a program does not die by a Ctrl-C that is meant for the program.
struct Dispositions {
    int: libc::sigaction,
    quit: libc::sigaction,
}

impl Dispositions {
    fn ignore_both() -> Dispositions {
        unsafe {
            let mut ignore: libc::sigaction = zeroed();
            ignore.sa_sigaction = libc::SIG_IGN;
            let mut old = Dispositions { int: zeroed(), quit: zeroed() };
            libc::sigaction(libc::SIGINT, &ignore, &mut old.int);
            libc::sigaction(libc::SIGQUIT, &ignore, &mut old.quit);
            old
        }
    }
    fn restore(&self) {
        unsafe {
            libc::sigaction(libc::SIGINT, &self.int, ptr::null_mut());
            libc::sigaction(libc::SIGQUIT, &self.quit, ptr::null_mut());
        }
    }
}

fn code(status: ExitStatus) -> i32 {
    match status.signal() {
        Some(signal) => -signal,
        None => status.code().unwrap(),
    }
}

fn cannot(program: &Path, e: io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("cannot run {}: {e}", program.to_string_lossy()))
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let old = Dispositions::ignore_both();
    let mut command = Command::new(program);
    command.args(arguments);
    let theirs = Dispositions { int: old.int, quit: old.quit };
    unsafe {
        command.pre_exec(move || {
            theirs.restore();
            Ok(())
        })
    };
    let mut child = command.spawn().map_err(|e| cannot(program, e))?;
    let status = child.wait()?;
    old.restore();
    Ok(code(status))
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| cannot(program, e))?;
    let mut stdin = child.stdin.take().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut out = Vec::new();
    let err = thread::scope(|s| {
        s.spawn(move || {
            let _ = stdin.write_all(input);
        });
        let err = s.spawn(move || {
            let mut err = Vec::new();
            stderr.read_to_end(&mut err).map(|_| err)
        });
        stdout.read_to_end(&mut out)?;
        err.join().unwrap()
    })?;
    let status = child.wait()?;
    Ok(Finished { code: code(status), stdout: out, stderr: err })
}
