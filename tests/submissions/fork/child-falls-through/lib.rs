use std::io;

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    let own = std::process::id();
    if pid == 0 {
        *counter += step;
        println!("child: pid={own} parent={} counter={counter}", unsafe { libc::getppid() });
    }
    println!("parent: pid={own} child={pid} counter={counter}");
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    Ok(())
}
