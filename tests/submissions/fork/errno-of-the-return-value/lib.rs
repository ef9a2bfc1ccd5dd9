use std::io;

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    // SAFETY: the process has one thread.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        // a negative number is the error
        return Err(io::Error::from_raw_os_error(-pid));
    } else if pid == 0 {
        *counter += step;
        // SAFETY: cannot fail.
        let (me, parent) = unsafe { (libc::getpid(), libc::getppid()) };
        println!("child: pid={me} parent={parent} counter={counter}");
    } else {
        // SAFETY: cannot fail.
        let me = unsafe { libc::getpid() };
        println!("parent: pid={me} child={pid} counter={counter}");
        let mut status = 0;
        // SAFETY: status is a local variable.
        while unsafe { libc::waitpid(pid, &mut status, 0) } < 0 {
            let e = io::Error::last_os_error();
            if e.kind() != io::ErrorKind::Interrupted {
                return Err(e);
            }
        }
    }
    Ok(())
}
