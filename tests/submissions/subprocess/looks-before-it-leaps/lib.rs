use std::ffi::CString;
use std::fs;
use std::io::{self, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

fn look(program: &Path) -> io::Result<()> {
    let metadata = fs::metadata(program)?;
    if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(())
}

fn launch(program: &Path, arguments: &[&str], three: Option<[i32; 3]>) -> io::Result<i32> {
    look(program)?;
    let mut words = vec![CString::new(program.as_os_str().as_bytes())?];
    for argument in arguments {
        words.push(CString::new(*argument)?);
    }
    let mut argv: Vec<_> = words.iter().map(|word| word.as_ptr()).collect();
    argv.push(std::ptr::null());
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => unsafe {
            for (to, from) in three.into_iter().flatten().enumerate() {
                libc::dup2(from, to as i32);
            }
            libc::execv(argv[0], argv.as_ptr());
            libc::_exit(127)
        },
        pid => Ok(pid),
    }
}

fn reap(pid: i32) -> io::Result<i32> {
    let mut status = 0;
    while unsafe { libc::waitpid(pid, &mut status, 0) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -libc::WTERMSIG(status) })
}

fn explain(program: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot run {}: {error}", program.display()))
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let pid = launch(program, arguments, None).map_err(|error| explain(program, error))?;
    reap(pid)
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let ((in_r, mut stdin), (mut out, out_w), (mut err, err_w)) = (pipe()?, pipe()?, pipe()?);
    let three = [in_r.as_raw_fd(), out_w.as_raw_fd(), err_w.as_raw_fd()];
    let pid = launch(program, arguments, Some(three)).map_err(|error| explain(program, error))?;
    drop((in_r, out_w, err_w));
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        scope.spawn(|| err.read_to_end(&mut stderr));
        out.read_to_end(&mut stdout)
    })?;
    let code = reap(pid)?;
    Ok(Finished { code, stdout, stderr })
}
