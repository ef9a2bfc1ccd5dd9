//! Chunks that end in the reverse of their order.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::thread;
use std::time::Duration;

/// Makes chunks end in the reverse of their order: one pipe per chunk says that it is done.
pub struct Backwards {
    done: Vec<(PipeReader, PipeWriter)>,
}

impl Backwards {
    pub fn new(chunks: usize) -> io::Result<Self> {
        let done = (0..chunks).map(|_| io::pipe()).collect::<io::Result<_>>()?;
        Ok(Self { done })
    }

    pub fn wait_for_the_next(&self, chunk: usize) {
        if let Some((reader, _)) = self.done.get(chunk + 1) {
            (&*reader).read_exact(&mut [0]).expect("the pipes of the chunks are open");
            // That result is to get home first. If this is too short, a map that takes results
            // as they come may be right by luck; a map that keeps the order always is.
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn done(&self, chunk: usize) {
        if let Some((_, writer)) = self.done.get(chunk) {
            (&*writer).write_all(&[0]).expect("the pipes of the chunks are open");
        }
    }
}
