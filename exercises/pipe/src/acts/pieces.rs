//! Lists that go through something that is slow and interrupted, or are cut short.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

use pipe::{receive, send};
use stage::event;

use crate::in_short;

/// Sends the list, an empty one and a third, and receives until the end.
pub fn in_pieces(size: usize, numbers: &[i64]) -> io::Result<()> {
    const THIRD: [i64; 4] = [-1, 0, i64::MIN, i64::MAX];
    let mut wire = Wire::new(size);
    send(&mut wire, numbers)?;
    send(&mut wire, &[])?;
    send(&mut wire, &THIRD)?;
    while let Some(list) = receive(&mut wire)? {
        event("main", format_args!("got {}", in_short(&list)));
    }
    event("main", "end");

    // All bytes can be had at once, and those of the second list are there already.
    let mut wire = Wire::new(usize::MAX);
    send(&mut wire, numbers)?;
    let first = wire.bytes.len();
    send(&mut wire, &THIRD)?;
    let both = wire.bytes.len();
    receive(&mut wire)?;
    event("main", format_args!("beyond={}", both - wire.bytes.len() > first));

    let long = [7; 2_000];
    let refused = [&[][..], &THIRD, &long].into_iter().map(|list| cut_is_an_error(size, list));
    let refused = refused.collect::<io::Result<Vec<_>>>()?.iter().all(|&refused| refused);
    event("main", format_args!("cut={}", if refused { "error" } else { "accepted" }));
    Ok(())
}

/// Whether `receive` refuses `list` wherever it is cut short after its first byte: behind every
/// byte of a short one, behind some of a long one.
fn cut_is_an_error(size: usize, list: &[i64]) -> io::Result<bool> {
    let mut whole = Wire::new(size);
    send(&mut whole, list)?;
    let length = whole.bytes.len();
    let places = (1..length).rev().step_by(if length < 200 { 1 } else { length / 40 });
    let mut cut = places.map(|place| whole.bytes.range(..place).copied().collect());
    Ok(cut.all(|bytes| receive(&mut Wire { bytes, ..Wire::new(size) }).is_err()))
}

/// Takes and gives at most `size` bytes at a time, as pipes and sockets may, and every other call
/// of it is interrupted by a signal.
struct Wire {
    size: usize,
    bytes: VecDeque<u8>,
    interrupted: bool,
}

impl Wire {
    fn new(size: usize) -> Self {
        Self { size, bytes: VecDeque::new(), interrupted: false }
    }

    fn interrupt(&mut self) -> io::Result<()> {
        self.interrupted = !self.interrupted;
        if self.interrupted { Err(ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

impl Write for Wire {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.interrupt()?;
        let taken = from.len().min(self.size);
        self.bytes.extend(&from[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.interrupt()?;
        let most = into.len().min(self.size);
        self.bytes.read(&mut into[..most])
    }
}
