use std::io::{self, Write};

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    // SAFETY: one thread; fork takes nothing and returns a number.
    let pid = unsafe { libc::fork() };
    let own = unsafe { libc::getpid() };
    let mut out = io::stdout();
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        *counter += step;
        let parent = unsafe { libc::getppid() };
        writeln!(out, "child: pid={own} parent={parent} counter={counter}")?;
        return out.flush();
    }
    let mut status = 0;
    // SAFETY: the status is written to a valid place.
    if unsafe { libc::waitpid(pid, &mut status, 0) } < 0 {
        return Err(io::Error::last_os_error());
    }
    writeln!(out, "parent: pid={own} child={pid} counter={counter}")?;
    out.flush()
}
