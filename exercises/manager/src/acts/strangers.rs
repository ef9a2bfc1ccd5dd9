//! Connections that are no good clients, and few descriptors.

use std::fs;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use nix::unistd::Pid;
use stage::event;

use super::child::first_child;
use crate::Place;

/// Strangers talk nonsense, leave at once, or say nothing and stay, even beyond the end of the
/// server; a client asks for what there is not. All the while another client is served.
pub fn strangers(place: &Place<'_>) -> io::Result<()> {
    let mut client = place.connect()?;
    // Connected until the server is to end.
    let mut staying = vec![UnixStream::connect(place.path)?];
    drop(UnixStream::connect(place.path)?);
    for nonsense in [&[0xff; 64][..], b"GET / HTTP/1.1\r\n\r\n", &[0; 3]] {
        for stays in [false, true] {
            let mut stranger = UnixStream::connect(place.path)?;
            // The server may have hung up by now.
            let _ = stranger.write_all(nonsense);
            if stays {
                staying.push(stranger);
            }
        }
    }
    // More clients come and go than there may be descriptors.
    let server = first_child().ok_or(io::ErrorKind::NotFound)?;
    for _ in 0..12 {
        let before = descriptors_of(server);
        drop((0..10).map(|_| place.connect()).collect::<io::Result<Vec<_>>>()?);
        // It may take its time to notice. Nothing depends on this: there are more descriptors.
        (0..1000).find(|_| descriptors_of(server) <= before);
    }
    let refused = client.replace(99, 1).is_err() && client.update(99, |item| item).is_err();
    event("main", if refused { "no such item" } else { "item 99 replaced" });
    let free = place.connect()?.try_acquire()?;
    client.push(1)?;
    event("main", format_args!("free={free}"));
    event("main", format_args!("list {:?}", client.list()?));
    std::mem::forget(staying);
    Ok(())
}

/// So many descriptors has each process when strangers come.
const DESCRIPTORS: u64 = 100;

pub fn limit_descriptors() -> io::Result<()> {
    let few = libc::rlimit { rlim_cur: DESCRIPTORS, rlim_max: DESCRIPTORS };
    // SAFETY: the limits are there to be read.
    match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &few) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// How many descriptors a process has open; none if it cannot be looked at.
fn descriptors_of(process: Pid) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}
