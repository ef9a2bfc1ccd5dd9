//! What is left when values are dropped, or their process is killed.

use std::fs;
use std::io;

use nix::sys::signal::{Signal, raise};
use nix::sys::wait::waitpid;
use shared_memory::{SharedBytes, SharedInts, SharedNumber};
use stage::event;

use crate::{PI, start, wait_for};

/// Makes and drops `times` of each kind, and counts what the process has before and after. Then a
/// child drops as many that its parent has made.
pub fn make_and_drop(times: usize) -> io::Result<()> {
    let count = || -> io::Result<_> {
        let mappings = fs::read_to_string("/proc/self/maps")?.lines().count();
        Ok((mappings, fs::read_dir("/proc/self/fd")?.count()))
    };
    let (mappings, descriptors) = count()?;
    let tell = |who| {
        let (mappings_now, descriptors_now) = count()?;
        let mappings = mappings_now.saturating_sub(mappings);
        let descriptors = descriptors_now.saturating_sub(descriptors);
        event(who, format_args!("more mappings={mappings} descriptors={descriptors}"));
        io::Result::Ok(())
    };
    let make = || -> io::Result<_> {
        // More than a page holds, where there can be more, and just as much as two hold.
        let bytes = (SharedBytes::new(&[b'x'; 10_000])?, SharedBytes::new(&[b'x'; 8_192])?);
        let integers = (SharedInts::new(&[0; 2_000])?, SharedInts::new(&[0; 1_024])?);
        let nothing = (SharedBytes::new(&[])?, SharedInts::new(&[])?);
        Ok((bytes, SharedNumber::new(1.0)?, integers, nothing))
    };
    for _ in 0..times {
        let _dropped_at_once = make()?;
    }
    tell("main")?;
    let made = (0..times).map(|_| make()).collect::<io::Result<Vec<_>>>()?;
    let child = start(|| {
        drop(made);
        tell("child")
    })?;
    wait_for(child)
}

/// A process makes one of each kind, and is killed.
pub fn die_with_all_kinds() -> io::Result<()> {
    let child = start(|| {
        let _bytes = SharedBytes::new(b"Hello")?;
        let _number = SharedNumber::new(PI)?;
        let _integers = SharedInts::new(&[1, 2, 3])?;
        raise(Signal::SIGKILL).map_err(io::Error::from)
    })?;
    waitpid(child, None)?;
    Ok(())
}
