use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// 512 results are 4096 bytes, which is PIPE_BUF: such a write is one piece.
const PIECE: usize = 512;

struct Piece {
    place: u64,
    count: u64,
}

fn send(writer: &mut PipeWriter, place: usize, results: &[i64]) -> io::Result<()> {
    for (number, part) in results.chunks(PIECE).enumerate() {
        let mut message = Vec::with_capacity(16 + 8 * PIECE);
        message.extend(((place + number * PIECE) as u64).to_ne_bytes());
        message.extend((part.len() as u64).to_ne_bytes());
        for result in part {
            message.extend(result.to_ne_bytes());
        }
        // One write for all, so that the pieces of different workers do not mix.
        writer.write_all(&message)?;
    }
    Ok(())
}

fn receive(reader: &mut PipeReader, results: &mut [i64]) -> io::Result<usize> {
    let mut head = [0; 16];
    reader.read_exact(&mut head)?;
    let piece = Piece {
        place: u64::from_ne_bytes(head[..8].try_into().unwrap()),
        count: u64::from_ne_bytes(head[8..].try_into().unwrap()),
    };
    let (place, count) = (piece.place as usize, piece.count as usize);
    if count > PIECE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let places = results
        .get_mut(place..place.saturating_add(count))
        .ok_or_else(|| io::Error::other("no such place"))?;
    let mut bytes = vec![0; 8 * count];
    reader.read_exact(&mut bytes)?;
    for (result, eight) in places.iter_mut().zip(bytes.chunks(8)) {
        *result = i64::from_ne_bytes(eight.try_into().unwrap());
    }
    Ok(count)
}

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let (mut reader, mut writer) = io::pipe()?;
    let mut pids: Vec<Pid> = Vec::new();
    for worker in 0..workers {
        // SAFETY: the process has one thread
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                for (number, part) in input.chunks(chunk).enumerate() {
                    if number % workers == worker
                        && send(&mut writer, number * chunk, &task(part)).is_err()
                    {
                        process::exit(1);
                    }
                }
                process::exit(0);
            }
            ForkResult::Parent { child } => pids.push(child),
        }
    }
    drop(writer);
    let mut results = vec![0; input.len()];
    let mut outcome = Ok(());
    let mut count = 0;
    while count < input.len() {
        match receive(&mut reader, &mut results) {
            Ok(more) => count += more,
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    drop(reader);
    for pid in pids {
        while waitpid(pid, None) == Err(Errno::EINTR) {}
    }
    outcome.map(|()| results)
}
