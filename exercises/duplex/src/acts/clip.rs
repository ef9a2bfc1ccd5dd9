//! A message of which only the first bytes arrive.

use std::io;

use duplex::{Message, duplex};
use stage::event;

use super::bytes::waiting;

/// Sends a short message, of which only the first bytes arrive, and then the end.
#[allow(clippy::drop_non_drop, reason = "what an end holds, and has to close, is not written yet")]
pub fn clip() -> io::Result<()> {
    let message = Message { name: "clip".to_owned(), fields: vec![("key".to_owned(), 7)] };
    // The numbers of the descriptors are the same each time.
    let before: Vec<_> = (3..1024).filter(|&number| is_open(number)).collect();
    let (ours, mut theirs) = duplex()?;
    let new: Vec<_> =
        (3..1024).filter(|number| is_open(*number) && !before.contains(number)).collect();
    theirs.send(&message)?;
    let Some(from) = new.iter().copied().find(|&end| is_stream(end) && waiting(end) > 0) else {
        event("main", "cannot see what was sent");
        return Ok(());
    };
    let mut bytes = vec![0_u8; waiting(from) as usize];
    // SAFETY: the bytes live long enough.
    unsafe { libc::read(from, bytes.as_mut_ptr().cast(), bytes.len()) };
    let write = |end, bytes: &[u8]| {
        // SAFETY: as above.
        unsafe { libc::write(end, bytes.as_ptr().cast(), bytes.len()) }
    };
    let leads_there = |&end: &i32| write(end, &[0]) == 1 && waiting(from) == 1;
    let Some(into) = new.iter().copied().find(leads_there) else {
        event("main", "cannot send what was seen");
        return Ok(());
    };
    drop((ours, theirs));

    let refused = (1..bytes.len()).all(|length| {
        let Ok((mut ours, theirs)) = duplex() else { return false };
        let arrives =
            write(into, &bytes[..length]) == length as isize && waiting(from) as usize == length;
        // Elsewhere, or taken by a thread: nothing follows from that.
        if !arrives {
            return true;
        }
        drop(theirs);
        // If it is all there, the rest of the bytes says nothing.
        ours.receive().map_or(true, |received| received.as_ref() == Some(&message))
    });
    event("main", format_args!("clipped refused={refused}"));
    Ok(())
}

/// Whether what is sent there may arrive in part.
fn is_stream(end: i32) -> bool {
    let (mut kind, mut size) = (0, size_of::<libc::c_int>() as libc::socklen_t);
    let (level, option) = (libc::SOL_SOCKET, libc::SO_TYPE);
    // SAFETY: the call writes one number, and fails for what is no socket: a pipe.
    let done = unsafe { libc::getsockopt(end, level, option, (&raw mut kind).cast(), &mut size) };
    done != 0 || kind == libc::SOCK_STREAM
}

fn is_open(number: i32) -> bool {
    // SAFETY: the call looks at a number, whether it is that of an open descriptor or not.
    unsafe { libc::fcntl(number, libc::F_GETFD) >= 0 }
}
