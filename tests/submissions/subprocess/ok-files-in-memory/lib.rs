//! No pipe at all: input and outputs are files without a name.
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

fn memory() -> io::Result<File> {
    let fd = unsafe { libc::memfd_create(c"stdio".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(unsafe { File::from_raw_fd(fd) }) }
}
fn named(program: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", program.display()))
}
fn run(program: &Path, arguments: &[&str], files: &[(&File, i32)]) -> io::Result<i32> {
    let path = CString::new(program.as_os_str().as_bytes())?;
    let args = arguments.iter().map(|a| CString::new(*a)).collect::<Result<Vec<_>, _>>()?;
    let mut argv = vec![path.as_ptr()];
    argv.extend(args.iter().map(|a| a.as_ptr()));
    argv.push(std::ptr::null());
    unsafe extern "C" {
        static environ: *const *mut libc::c_char;
    }
    unsafe {
        let mut actions: libc::posix_spawn_file_actions_t = std::mem::zeroed();
        libc::posix_spawn_file_actions_init(&mut actions);
        for (file, as_number) in files {
            libc::posix_spawn_file_actions_adddup2(&mut actions, file.as_raw_fd(), *as_number);
        }
        let mut pid = 0;
        let error = libc::posix_spawn(
            &mut pid,
            path.as_ptr(),
            &actions,
            std::ptr::null(),
            argv.as_ptr().cast(),
            environ,
        );
        libc::posix_spawn_file_actions_destroy(&mut actions);
        if error != 0 {
            return Err(named(program, io::Error::from_raw_os_error(error)));
        }
        let mut status = 0;
        while libc::waitpid(pid, &mut status, 0) < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(if libc::WIFSIGNALED(status) {
            -libc::WTERMSIG(status)
        } else {
            libc::WEXITSTATUS(status)
        })
    }
}
pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    run(program, arguments, &[])
}
pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let memory = || memory().map_err(|error| named(program, error));
    let [mut stdin, mut stdout, mut stderr] = [memory()?, memory()?, memory()?];
    stdin.write_all(input)?;
    stdin.rewind()?;
    let code = run(program, arguments, &[(&stdin, 0), (&stdout, 1), (&stderr, 2)])?;
    let mut all = [Vec::new(), Vec::new()];
    for (file, into) in [&mut stdout, &mut stderr].into_iter().zip(&mut all) {
        file.rewind()?;
        file.read_to_end(into)?;
    }
    let [stdout, stderr] = all;
    Ok(Finished { code, stdout, stderr })
}
