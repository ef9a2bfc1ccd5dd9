//! Chunks that wait for one another.

use std::io::{self, PipeReader, Read, Write};

use stage::Meeting;

/// The first chunks that are begun wait for one another, and so do as many that follow, in each
/// round; in the last perhaps fewer.
pub struct Meetings {
    rounds: Vec<Meeting>,
    /// A byte for each chunk, which says in which round it takes part. Whoever comes later is in the
    /// last.
    tickets: PipeReader,
}

impl Meetings {
    pub fn new(size: usize, rounds: usize, chunks: usize) -> io::Result<Self> {
        let (tickets, mut writer) = io::pipe()?;
        let mut meetings = Vec::new();
        for round in 0..rounds {
            writer.write_all(&vec![round as u8; size])?;
            meetings.push(Meeting::new(chunks.saturating_sub(round * size).min(size) as u8)?);
        }
        Ok(Self { rounds: meetings, tickets })
    }

    pub fn meet(&self) -> io::Result<()> {
        let (mut tickets, mut round) = (&self.tickets, [0]);
        match tickets.read(&mut round)? {
            0 => self.rounds.last(),
            _ => self.rounds.get(usize::from(round[0])),
        }
        .map_or(Ok(()), Meeting::meet)
    }
}
