use std::io::{self, Read, Write};
use std::process;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    _workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    // one child for each chunk, then collect in the same order
    let mut children = vec![];
    for part in input.chunks(chunk) {
        let (r, mut w) = io::pipe()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(r);
                for x in task(part) {
                    w.write_all(&x.to_le_bytes()).unwrap();
                }
                process::exit(0);
            }
            ForkResult::Parent { child } => children.push((child, r)),
        }
    }

    let mut result = vec![];
    for (child, mut r) in children {
        let mut buf = vec![];
        r.read_to_end(&mut buf)?;
        for b in buf.chunks(8) {
            result.push(i64::from_le_bytes(b.try_into().unwrap()));
        }
        waitpid(child, None)?;
    }
    Ok(result)
}
