use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// Holds the number of the next chunk. Whoever takes it out has to put the next one in.
struct Token {
    out: PipeReader,
    back: PipeWriter,
}

impl Token {
    fn new() -> io::Result<Token> {
        let (out, mut back) = io::pipe()?;
        back.write_all(&0_u64.to_ne_bytes())?;
        Ok(Token { out, back })
    }

    /// Takes so many.
    fn next(&mut self, count: u64) -> io::Result<Range<u64>> {
        let mut bytes = [0; 8];
        self.out.read_exact(&mut bytes)?;
        let number = u64::from_ne_bytes(bytes);
        self.back.write_all(&(number + count).to_ne_bytes())?;
        Ok(number..number + count)
    }
}

/// Numbers in a packet.
const SOME: usize = 400;

fn worker(
    mut token: Token,
    home: &OwnedFd,
    chunks: &[&[i64]],
    chunk: usize,
    task: &dyn Fn(&[i64]) -> Vec<i64>,
) -> io::Result<()> {
    let mut mine = 0..0;
    for round in 0.. {
        if mine.is_empty() {
            // One by one until all are busy; then there is no need to queue for each.
            mine = token.next(if round < 2 { 1 } else { 2 })?;
        }
        let number = mine.next().unwrap() as usize;
        let Some(part) = chunks.get(number) else { return Ok(()) };
        let results = task(part);
        for (index, some) in results.chunks(SOME).enumerate() {
            let place = (number * chunk + index * SOME) as i64;
            let mut packet = Vec::with_capacity(8 * (1 + SOME));
            for value in [place].iter().chain(some) {
                packet.extend_from_slice(&value.to_ne_bytes());
            }
            loop {
                match send(home.as_raw_fd(), &packet, MsgFlags::MSG_NOSIGNAL) {
                    Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                    Ok(_) => break,
                }
            }
        }
    }
    Ok(())
}

fn gather(socket: &OwnedFd, results: &mut [i64]) -> io::Result<usize> {
    let mut packet = [0; 8 * (1 + SOME)];
    let mut count = 0;
    loop {
        let length = match recv(socket.as_raw_fd(), &mut packet, MsgFlags::empty()) {
            Ok(0) | Err(Errno::ECONNRESET) => return Ok(count),
            Ok(length) => length,
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        let mut values =
            packet[..length].chunks(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap()));
        let place = values.next().unwrap() as usize;
        for (value, result) in values.zip(&mut results[place..]) {
            *result = value;
            count += 1;
        }
    }
}

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let chunks: Vec<_> = input.chunks(chunk).collect();
    let token = Token::new()?;
    let (here, home) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
    let mut pids: Vec<Pid> = vec![];
    let mut failed: Option<io::Error> = None;
    for _ in 0..workers {
        // SAFETY: single threaded
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                drop(here);
                let code = match worker(token, &home, &chunks, chunk, &task) {
                    Ok(()) => 0,
                    Err(_) => 1,
                };
                process::exit(code)
            }
            Ok(ForkResult::Parent { child }) => pids.push(child),
            Err(error) => {
                failed = Some(error.into());
                break;
            }
        }
    }
    // Only the workers write.
    drop(home);
    drop(token);
    let mut results = vec![0; input.len()];
    if failed.is_none() {
        match gather(&here, &mut results) {
            Ok(count) if count == input.len() => {}
            Ok(_) => failed = Some(io::ErrorKind::UnexpectedEof.into()),
            Err(error) => failed = Some(error),
        }
    }
    drop(here);
    for pid in pids {
        loop {
            match waitpid(pid, None) {
                Err(Errno::EINTR) => continue,
                Ok(WaitStatus::Exited(_, 0)) => {}
                other => {
                    failed.get_or_insert(io::Error::other(format!("{other:?}")));
                }
            }
            break;
        }
    }
    failed.map_or(Ok(results), Err)
}
