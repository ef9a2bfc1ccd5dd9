use std::io;
use std::process::id;
use std::thread;

pub fn fork_and_tell(counter: &mut i64, step: i64) -> io::Result<()> {
    let mut copy = *counter;
    let child = thread::spawn(move || {
        copy += step;
        println!("child: pid={} parent={} counter={copy}", id(), id());
        println!("closing: pid={} counter={copy}", id());
    });
    println!("parent: pid={} child={} counter={counter}", id(), id() + 1);
    child.join().map_err(|_| io::Error::other("the thread panicked"))
}
