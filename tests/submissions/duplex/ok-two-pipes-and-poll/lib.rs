//! Two pipes, one for each direction. An exchange writes and reads whatever goes at the moment,
//! so that no thread is needed.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::process::exit;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.as_bytes());
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> io::Result<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count).ok_or(ErrorKind::UnexpectedEof)?;
    *bytes = rest;
    Ok(taken)
}

fn take_text(bytes: &mut &[u8]) -> io::Result<String> {
    let length = take(bytes, 4)?.try_into().expect("four bytes");
    let text = take(bytes, u32::from_le_bytes(length) as usize)?;
    String::from_utf8(text.to_vec()).map_err(io::Error::other)
}

fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_text(&mut bytes, &message.name);
    for (name, number) in &message.fields {
        put_text(&mut bytes, name);
        bytes.extend(number.to_le_bytes());
    }
    bytes
}

fn decode(mut bytes: &[u8]) -> io::Result<Message> {
    let name = take_text(&mut bytes)?;
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let name = take_text(&mut bytes)?;
        let number = take(&mut bytes, 8)?.try_into().expect("eight bytes");
        fields.push((name, i64::from_le_bytes(number)));
    }
    Ok(Message { name, fields })
}

pub struct Connection {
    from: PipeReader,
    to: PipeWriter,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (one, other) = (io::pipe()?, io::pipe()?);
    Ok((Connection { from: one.0, to: other.1 }, Connection { from: other.0, to: one.1 }))
}

fn framed(message: &Message) -> Vec<u8> {
    let bytes = encode(message);
    [&(bytes.len() as u64).to_le_bytes()[..], &bytes].concat()
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        self.to.write_all(&framed(message))
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut length = [0; 8];
        if read_some(&self.from, &mut length[..1])? == 0 {
            return Ok(None);
        }
        self.from.read_exact(&mut length[1..])?;
        let mut bytes = vec![0; u64::from_le_bytes(length) as usize];
        self.from.read_exact(&mut bytes)?;
        decode(&bytes).map(Some)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let outgoing = framed(mine);
        let (mut sent, mut incoming, mut buffer) = (0, Vec::new(), [0; 4096]);
        fcntl(&self.to, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let theirs = loop {
            let length =
                incoming.first_chunk().map(|length| 8 + u64::from_le_bytes(*length) as usize);
            let complete = length.is_some_and(|length| incoming.len() >= length);
            if complete && sent == outgoing.len() {
                break decode(&incoming[8..])?;
            }
            // Never more than the message: what follows belongs to `receive`.
            let wanted = length.unwrap_or(8).saturating_sub(incoming.len()).min(buffer.len());
            let writing =
                if sent < outgoing.len() { PollFlags::POLLOUT } else { PollFlags::empty() };
            let reading = if wanted > 0 { PollFlags::POLLIN } else { PollFlags::empty() };
            let (can_read, can_write) = {
                let mut ends = vec![];
                if wanted > 0 {
                    ends.push(PollFd::new(self.from.as_fd(), reading));
                }
                if sent < outgoing.len() {
                    ends.push(PollFd::new(self.to.as_fd(), writing));
                }
                poll(&mut ends, PollTimeout::NONE)?;
                let ready = |end: &PollFd<'_>| end.any().unwrap_or(false);
                (
                    wanted > 0 && ready(&ends[0]),
                    sent < outgoing.len() && ends.last().is_some_and(ready),
                )
            };
            if can_read {
                match read_some(&self.from, &mut buffer[..wanted])? {
                    0 => return Err(ErrorKind::UnexpectedEof.into()),
                    count => incoming.extend(&buffer[..count]),
                }
            }
            if can_write {
                match self.to.write(&outgoing[sent..]) {
                    Ok(count) => sent += count,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        };
        fcntl(&self.to, FcntlArg::F_SETFL(OFlag::empty()))?;
        Ok(theirs)
    }
}

pub struct Partner {
    connection: Connection,
    child: Pid,
}

impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (ours, mut theirs) = duplex()?;
        // SAFETY: there is one thread only.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(ours);
                while let Ok(Some(request)) = theirs.receive() {
                    let reply = answer(request);
                    if theirs.send(&reply).is_err() {
                        break;
                    }
                }
                exit(0)
            }
            ForkResult::Parent { child } => Ok(Partner { connection: ours, child }),
        }
    }

    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        Ok(self.connection.receive()?.ok_or(ErrorKind::UnexpectedEof)?)
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        while waitpid(self.child, None) == Err(nix::errno::Errno::EINTR) {}
        Ok(())
    }
}

/// As `read`, and again if a signal came in between.
fn read_some(mut from: impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
