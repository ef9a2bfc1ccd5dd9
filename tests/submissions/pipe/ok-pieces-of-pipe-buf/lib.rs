//! One pipe for all children. Nobody waits for a turn: a write of at most PIPE_BUF bytes is
//! never cut up, so each carries the number of its sender, and the parent sorts them.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::process::exit;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Numbers in one write: with sender and count 4080 bytes.
const NUMBERS: usize = 508;
/// In place of the count: the list is complete.
const COMPLETE: u64 = u64::MAX;

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let words: Vec<_> = list.iter().map(i64::to_string).collect();
    writeln!(to, "{}", words.join(" "))
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut line = String::new();
    let mut byte = [0];
    loop {
        match uninterrupted(|| from.read(&mut byte))? {
            0 if line.is_empty() => return Ok(None),
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            _ if byte == *b"\n" => break,
            _ => line.push(char::from(byte[0])),
        }
    }
    let numbers = line.split_whitespace().map(|word| word.parse().map_err(io::Error::other));
    numbers.collect::<io::Result<_>>().map(Some)
}

fn record(sender: usize, count: u64, numbers: &[i64]) -> Vec<u8> {
    let mut bytes = (sender as u64).to_le_bytes().to_vec();
    bytes.extend(count.to_le_bytes());
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes.resize(16 + 8 * NUMBERS, 0);
    bytes
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let (mut reader, mut writer) = io::pipe()?;
    let mut pids = Vec::new();
    for sender in 0..children {
        // SAFETY: the process has one thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let list = work(sender + 1);
                let pieces =
                    list.chunks(NUMBERS).map(|piece| record(sender, piece.len() as u64, piece));
                let sent: io::Result<()> = pieces
                    .chain([record(sender, COMPLETE, &[])])
                    .try_for_each(|record| writer.write_all(&record));
                exit(i32::from(sent.is_err()))
            }
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    drop(writer);
    let mut parts = BTreeMap::<u64, Vec<i64>>::new();
    let mut lists = Vec::new();
    let mut bytes = vec![0; 16 + 8 * NUMBERS];
    loop {
        match reader.read_exact(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            other => other?,
        }
        let word =
            |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let list = parts.entry(word(0)).or_default();
        match word(8) {
            COMPLETE => lists.push(std::mem::take(list)),
            count => {
                list.extend((0..count as usize).map(|index| word(16 + 8 * index).cast_signed()))
            }
        }
    }
    for pid in pids {
        uninterrupted(|| Ok(waitpid(pid, None)?))?;
    }
    Ok(lists)
}

/// Makes a call once more if a signal came in between.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
