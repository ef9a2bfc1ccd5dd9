use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};

use crate::until_asleep;

/// Where threads say that they have come, so that another can wait until they sleep.
///
/// It works between threads and, when made before a fork, between processes.
#[derive(Debug)]
pub struct Arrivals {
    /// Numbers of threads, four bytes each, which nobody else's write comes between.
    numbers: (PipeReader, PipeWriter),
}

impl Arrivals {
    /// Nobody has come yet.
    ///
    /// Errors when the system has no more pipes.
    pub fn new() -> io::Result<Self> {
        Ok(Self { numbers: io::pipe()? })
    }

    /// Says that the running thread has come.
    ///
    /// Errors when the pipe fails, which a driver may treat as fatal.
    pub fn arrive(&self) -> io::Result<()> {
        let own = fs::read_link("/proc/thread-self").unwrap_or_default();
        let number = own.file_name().and_then(|name| name.to_str()?.parse().ok());
        // Without a number nobody can be looked at, and nobody is waited for.
        let number: i32 = number.unwrap_or(i32::MAX);
        (&self.numbers.1).write_all(&number.to_ne_bytes())
    }

    /// Waits for the next that comes, and [until it sleeps](until_asleep), which is likely then
    /// and no more.
    ///
    /// Errors when the pipe fails, which a driver may treat as fatal.
    pub fn until_next_sleeps(&self) -> io::Result<()> {
        let mut number = [0; 4];
        (&self.numbers.0).read_exact(&mut number)?;
        until_asleep(i32::from_ne_bytes(number));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn whoever_has_come_is_waited_for_and_has_its_own_number() {
        let arrivals = Arrivals::new().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| arrivals.arrive().unwrap());
            scope.spawn(|| arrivals.arrive().unwrap());
            arrivals.until_next_sleeps().unwrap();
            arrivals.until_next_sleeps().unwrap();
        });
        arrivals.arrive().unwrap();
        let mut number = [0; 4];
        (&arrivals.numbers.0).read_exact(&mut number).unwrap();
        let own = fs::read_link("/proc/thread-self").unwrap();
        assert!(own.ends_with(i32::from_ne_bytes(number).to_string()));
    }
}
