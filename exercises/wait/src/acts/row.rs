//! Many children, one after the other.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use stage::event;
use wait::{exit_code, start};

/// Starts children and asks for them, one after the other, while this process may open only a few
/// more descriptors.
pub fn in_a_row(count: usize) -> io::Result<()> {
    const FEW: u64 = 10;
    // Standard input again, by the lowest number that is free.
    let next = io::stdin().as_fd().try_clone_to_owned()?.as_raw_fd() as u64;
    let mut usual = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: system calls on structs that live long enough.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut usual);
        libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: next + FEW, ..usual });
    }
    for number in 1..=count {
        match start(|| 0).and_then(exit_code) {
            Ok(0) => {}
            other => {
                event("row", format_args!("number={number} {other:?}"));
                break;
            }
        }
    }
    // SAFETY: as above.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &usual) };
    Ok(())
}
