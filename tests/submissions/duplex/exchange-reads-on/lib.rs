use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

pub struct Connection {
    stream: UnixStream,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = UnixStream::pair()?;
    Ok((Connection { stream: a }, Connection { stream: b }))
}

// The length of the rest, how many fields. Then the name, and each field; a text is its length and its bytes.
fn encode(message: &Message) -> Vec<u8> {
    fn text(bytes: &mut Vec<u8>, s: &str) {
        bytes.extend((s.len() as u32).to_be_bytes());
        bytes.extend(s.bytes());
    }
    let mut bytes = (message.fields.len() as u64).to_be_bytes().to_vec();
    text(&mut bytes, &message.name);
    for (key, value) in &message.fields {
        text(&mut bytes, key);
        bytes.extend(value.to_be_bytes());
    }
    [&(bytes.len() as u64).to_be_bytes()[..], &bytes].concat()
}

fn read_text(from: &mut impl Read) -> io::Result<String> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    from.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|e| io::Error::new(ErrorKind::InvalidData, e))
}

fn read_message(from: &mut impl Read) -> io::Result<Option<Message>> {
    let mut length = [0; 8];
    loop {
        match from.read(&mut length[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    from.read_exact(&mut length[1..])?;
    let mut count = [0; 8];
    from.read_exact(&mut count)?;
    let name = read_text(from)?;
    let mut fields = Vec::new();
    for _ in 0..u64::from_be_bytes(count) {
        let key = read_text(from)?;
        let mut value = [0; 8];
        from.read_exact(&mut value)?;
        fields.push((key, i64::from_be_bytes(value)));
    }
    Ok(Some(Message { name, fields }))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        self.stream.write_all(&encode(message))
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        read_message(&mut self.stream)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        self.stream.set_nonblocking(true)?;
        let result = self.both_ways(&encode(mine));
        self.stream.set_nonblocking(false)?;
        result
    }

    /// Writes and reads whatever is possible at the moment.
    fn both_ways(&mut self, mut out: &[u8]) -> io::Result<Message> {
        let mut came: Vec<u8> = Vec::new();
        let mut theirs = None;
        let mut buffer = vec![0; 64 * 1024];
        while theirs.is_none() || !out.is_empty() {
            let mut events = PollFlags::empty();
            if theirs.is_none() {
                events |= PollFlags::POLLIN;
            }
            if !out.is_empty() {
                events |= PollFlags::POLLOUT;
            }
            match poll(&mut [PollFd::new(self.stream.as_fd(), events)], PollTimeout::NONE) {
                Ok(_) => {}
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            }
            if !out.is_empty() {
                match self.stream.write(out) {
                    Ok(n) => out = &out[n..],
                    Err(e) if again(&e) => {}
                    Err(e) => return Err(e),
                }
            }
            if theirs.is_none() {
                match self.stream.read(&mut buffer) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(n) => came.extend_from_slice(&buffer[..n]),
                    Err(e) if again(&e) => continue,
                    Err(e) => return Err(e),
                }
                // the length of the rest stands in front
                if came.len() >= 8 {
                    let length = u64::from_be_bytes(came[..8].try_into().unwrap()) as usize;
                    if came.len() >= 8 + length {
                        theirs = read_message(&mut &came[..])?;
                    }
                }
            }
        }
        Ok(theirs.unwrap())
    }
}

fn again(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

pub struct Partner {
    connection: Connection,
    pid: Pid,
}

impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (ours, mut theirs) = duplex()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(ours);
                while let Ok(Some(request)) = theirs.receive() {
                    let reply = answer(request);
                    if theirs.send(&reply).is_err() {
                        break;
                    }
                }
                std::process::exit(0)
            }
            ForkResult::Parent { child } => {
                drop(theirs);
                Ok(Partner { connection: ours, pid: child })
            }
        }
    }

    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        match self.connection.receive()? {
            Some(reply) => Ok(reply),
            None => Err(io::Error::other("the partner has ended")),
        }
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        loop {
            match waitpid(self.pid, None) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}
