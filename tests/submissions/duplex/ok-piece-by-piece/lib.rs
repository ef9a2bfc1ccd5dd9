use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::exit;

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

const PIECE: usize = 1024;

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (left, right) = UnixStream::pair()?;
    Ok((Connection { stream: left }, Connection { stream: right }))
}

fn add_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&text.len().to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn message_to_bytes(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    add_text(&mut bytes, &message.name);
    bytes.extend_from_slice(&message.fields.len().to_be_bytes());
    for field in message.fields.iter() {
        add_text(&mut bytes, &field.0);
        bytes.extend_from_slice(&field.1.to_be_bytes());
    }
    bytes
}

fn read_usize(bytes: &mut &[u8]) -> io::Result<usize> {
    let mut eight = [0u8; 8];
    bytes.read_exact(&mut eight)?;
    Ok(usize::from_be_bytes(eight))
}

fn read_text(bytes: &mut &[u8]) -> io::Result<String> {
    let length = read_usize(bytes)?;
    let mut text = String::new();
    bytes.take(length as u64).read_to_string(&mut text)?;
    if text.len() != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(text)
}

fn bytes_to_message(mut bytes: &[u8]) -> io::Result<Message> {
    let name = read_text(&mut bytes)?;
    let count = read_usize(&mut bytes)?;
    let mut fields = Vec::new();
    for _ in 0..count {
        let key = read_text(&mut bytes)?;
        let mut eight = [0u8; 8];
        bytes.read_exact(&mut eight)?;
        fields.push((key, i64::from_be_bytes(eight)));
    }
    Ok(Message { name, fields })
}

impl Connection {
    /// The length in front of a message; None at the end.
    fn length(&mut self) -> io::Result<Option<usize>> {
        let mut eight = Vec::new();
        (&self.stream).take(8).read_to_end(&mut eight)?;
        if eight.is_empty() {
            return Ok(None);
        }
        match eight.try_into() {
            Ok(eight) => Ok(Some(usize::from_be_bytes(eight))),
            Err(_) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        let bytes = message_to_bytes(message);
        let mut all = bytes.len().to_be_bytes().to_vec();
        all.extend(bytes);
        self.stream.write_all(&all)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let Some(length) = self.length()? else {
            return Ok(None);
        };
        let mut bytes = vec![0u8; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(Some(bytes_to_message(&bytes)?))
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let ours = message_to_bytes(mine);
        self.stream.write_all(&ours.len().to_be_bytes())?;
        let length = self.length()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut theirs = vec![0u8; length];
        let (mut sent, mut got) = (0, 0);
        // Both know both lengths, so both do the same number of rounds.
        while sent < ours.len() || got < theirs.len() {
            let upto = (sent + PIECE).min(ours.len());
            self.stream.write_all(&ours[sent..upto])?;
            sent = upto;
            let upto = (got + PIECE).min(theirs.len());
            self.stream.read_exact(&mut theirs[got..upto])?;
            got = upto;
        }
        bytes_to_message(&theirs)
    }
}

pub struct Partner {
    connection: Connection,
    pid: Pid,
}

impl Partner {
    pub fn start(answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (mine, theirs) = duplex()?;
        let result = unsafe { fork() }?;
        match result {
            ForkResult::Child => {
                drop(mine);
                let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    child(theirs, answer)
                }));
                match outcome {
                    Ok(Ok(())) => exit(0),
                    _ => exit(1),
                }
            }
            ForkResult::Parent { child } => {
                drop(theirs);
                Ok(Partner { connection: mine, pid: child })
            }
        }
    }

    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        let reply = self.connection.receive()?;
        match reply {
            Some(reply) => Ok(reply),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "partner is dead")),
        }
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        loop {
            let result = waitpid(self.pid, None);
            if result == Err(nix::errno::Errno::EINTR) {
                continue;
            }
            result?;
            return Ok(());
        }
    }
}

fn child(mut connection: Connection, mut answer: impl FnMut(Message) -> Message) -> io::Result<()> {
    loop {
        let request = connection.receive()?;
        match request {
            None => return Ok(()),
            Some(request) => {
                let reply = answer(request);
                connection.send(&reply)?;
            }
        }
    }
}
