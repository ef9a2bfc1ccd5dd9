//! Many children, one after the other.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use stage::{event, with_limit};
use wait::{exit_code, start};

/// Starts children and asks for them, one after the other, while this process may open only a few
/// more descriptors.
pub fn in_a_row(count: usize) -> io::Result<()> {
    const FEW: u64 = 10;
    // Standard input again, by the lowest number that is free.
    let next = io::stdin().as_fd().try_clone_to_owned()?.as_raw_fd() as u64;
    with_limit(libc::RLIMIT_NOFILE, next + FEW, || {
        for number in 1..=count {
            match start(|| 0).and_then(exit_code) {
                Ok(0) => {}
                other => {
                    event("row", format_args!("number={number} {other:?}"));
                    break;
                }
            }
        }
    });
    Ok(())
}
