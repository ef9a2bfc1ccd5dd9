use std::io::{self, PipeReader, PipeWriter, Read, Write};

/// A place where the first `size` arrivals wait for one another.
///
/// Whoever comes later passes without waiting. It works between threads and,
/// when made before a fork, between processes. Nothing in it is timed: a
/// meeting that never fills up is a deadlock, and an observer can prove it.
#[derive(Debug)]
pub struct Meeting {
    size: u8,
    /// Holds one byte, the number of arrivals so far: taking it out is the lock.
    count: (PipeReader, PipeWriter),
    gate: (PipeReader, PipeWriter),
}

impl Meeting {
    /// A meeting of `size` parties; of fewer than two, nobody ever waits.
    ///
    /// Errors when the system has no more pipes.
    pub fn new(size: u8) -> io::Result<Self> {
        let (count, gate) = (io::pipe()?, io::pipe()?);
        (&count.1).write_all(&[0])?;
        Ok(Self { size, count, gate })
    }

    /// Waits until `size` parties have arrived, this one among them.
    ///
    /// Errors when a pipe fails, which a driver may treat as fatal.
    pub fn meet(&self) -> io::Result<()> {
        let arrived = self.arrive()?;
        if arrived < self.size {
            return (&self.gate.0).read_exact(&mut [0]);
        }
        Ok(())
    }

    /// Counts this arrival in; the last one that is waited for opens the gate.
    fn arrive(&self) -> io::Result<u8> {
        let mut count = [0];
        (&self.count.0).read_exact(&mut count)?;
        let [before] = count;
        let arrived = before.saturating_add(1);
        if arrived == self.size {
            (&self.gate.1).write_all(&vec![0; usize::from(before)])?;
        }
        (&self.count.1).write_all(&[arrived])?;
        Ok(arrived)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn nobody_passes_before_all_have_arrived() {
        let meeting = Meeting::new(4).unwrap();
        let arrived = AtomicU8::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    arrived.fetch_add(1, Ordering::SeqCst);
                    meeting.meet().unwrap();
                    assert_eq!(arrived.load(Ordering::SeqCst), 4);
                });
            }
        });
    }

    #[test]
    fn late_comers_pass() {
        let meeting = Meeting::new(1).unwrap();
        for _ in 0..300 {
            meeting.meet().unwrap();
        }
    }
}
