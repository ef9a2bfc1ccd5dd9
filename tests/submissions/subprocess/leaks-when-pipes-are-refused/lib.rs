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

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::thread;

fn pipe() -> io::Result<[RawFd; 2]> {
    let mut ends = [0; 2];
    match unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) } {
        0 => Ok(ends),
        _ => Err(io::Error::last_os_error()),
    }
}

/// SAFETY: the number belongs to nobody else.
unsafe fn own(fd: RawFd) -> OwnedFd {
    unsafe { OwnedFd::from_raw_fd(fd) }
}

fn naming(program: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("cannot run {}: {error}", program.display()))
}

fn wait(child: &mut Child) -> io::Result<i32> {
    let status = child.wait()?;
    Ok(status.code().unwrap_or_else(|| -status.signal().unwrap()))
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let mut child = Command::new(program).args(arguments).spawn().map_err(naming(program))?;
    wait(&mut child)
}

fn start(program: &Path, arguments: &[&str]) -> io::Result<(Child, [File; 3])> {
    let [in_reader, in_writer] = pipe()?;
    let [out_reader, out_writer] = pipe()?;
    let [err_reader, err_writer] = pipe()?;
    // From here on they close themselves.
    let (its, mine) = unsafe {
        (
            [own(in_reader), own(out_writer), own(err_writer)],
            [own(in_writer), own(out_reader), own(err_reader)],
        )
    };
    let [stdin, stdout, stderr] = its;
    let child =
        Command::new(program).args(arguments).stdin(stdin).stdout(stdout).stderr(stderr).spawn()?;
    Ok((child, mine.map(File::from)))
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let (mut child, [mut stdin, mut stdout, mut stderr]) =
        start(program, arguments).map_err(naming(program))?;
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let result = thread::scope(|scope| {
        let write = scope.spawn(move || match stdin.write_all(input) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        });
        let read = scope.spawn(|| stdout.read_to_end(&mut out));
        let last = stderr.read_to_end(&mut err);
        let read = read.join().unwrap();
        write.join().unwrap().and(read).and(last)
    });
    let code = wait(&mut child)?;
    result?;
    Ok(Finished { code, stdout: out, stderr: err })
}
