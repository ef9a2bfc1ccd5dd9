use std::io::{self, PipeReader, PipeWriter, Read, Write};

/// A gate that is shut until somebody opens it; from then on everybody passes.
///
/// It works between threads and, when made before a fork, between processes.
/// Nothing in it is timed: before a gate that nobody opens a program stands
/// still, and an observer can prove it.
#[derive(Debug)]
pub struct Gate {
    /// Empty while the gate is shut, one byte from then on.
    key: (PipeReader, PipeWriter),
}

impl Gate {
    /// A gate that is shut.
    ///
    /// Errors when the system has no more pipes.
    pub fn new() -> io::Result<Self> {
        Ok(Self { key: io::pipe()? })
    }

    /// Waits until the gate is open.
    ///
    /// Errors when the pipe fails, which a driver may treat as fatal.
    pub fn pass(&self) -> io::Result<()> {
        (&self.key.0).read_exact(&mut [0])?;
        // For whoever comes next.
        (&self.key.1).write_all(&[0])
    }

    /// Opens the gate; to be called once.
    ///
    /// Errors when the pipe fails, which a driver may treat as fatal.
    pub fn open(&self) -> io::Result<()> {
        (&self.key.1).write_all(&[0])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn everybody_passes_and_nobody_before_it_is_open() {
        let gate = Gate::new().unwrap();
        let open = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    gate.pass().unwrap();
                    assert!(open.load(Ordering::SeqCst));
                });
            }
            open.store(true, Ordering::SeqCst);
            gate.open().unwrap();
        });
        gate.pass().unwrap();
    }
}
