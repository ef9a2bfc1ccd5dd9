use std::io;

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let pid = unsafe { libc::fork() };
    let own = std::process::id();
    if pid > 0 {
        println!("parent: pid={own} child={pid} counter={counter}");
        unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
    } else {
        *counter += step;
        println!("child: pid={own} parent={} counter={counter}", unsafe { libc::getppid() });
    }
    Ok(())
}
