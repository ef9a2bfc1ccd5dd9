//! Two processes over a pair of sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::thread;

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
    stream: UnixStream,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (one, other) = UnixStream::pair()?;
    Ok((Connection { stream: one }, Connection { stream: other }))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        let bytes = encode(message);
        self.stream.write_all(&(bytes.len() as u64).to_le_bytes())?;
        self.stream.write_all(&bytes)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut length = [0; 8];
        if read_some(&self.stream, &mut length[..1])? == 0 {
            return Ok(None);
        }
        self.stream.read_exact(&mut length[1..])?;
        let mut bytes = vec![0; u64::from_le_bytes(length) as usize];
        self.stream.read_exact(&mut bytes)?;
        decode(&bytes).map(Some)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let mut other = Connection { stream: self.stream.try_clone()? };
        thread::scope(|scope| {
            let sending = scope.spawn(move || other.send(mine));
            let theirs = self.receive()?.ok_or(ErrorKind::UnexpectedEof)?;
            sending.join().expect("sending does not panic")?;
            Ok(theirs)
        })
    }
}

pub struct Partner {
    connection: Connection,
    _theirs: Connection,
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
            ForkResult::Parent { child } => {
                Ok(Partner { connection: ours, _theirs: theirs, child })
            }
        }
    }

    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        Ok(self.connection.receive()?.ok_or(ErrorKind::UnexpectedEof)?)
    }

    pub fn finish(self) -> io::Result<()> {
        drop((self.connection, self._theirs));
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
