use std::io;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

use std::io::{Read, Write};
use std::thread;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Connection {
    from: io::PipeReader,
    to: io::PipeWriter,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (from_left, to_right) = io::pipe()?;
    let (from_right, to_left) = io::pipe()?;
    Ok((Connection { from: from_left, to: to_left }, Connection { from: from_right, to: to_right }))
}

fn add_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(text.len().to_ne_bytes());
    bytes.extend(text.as_bytes());
}

fn write(mut to: &io::PipeWriter, message: &Message) -> io::Result<()> {
    let mut body = vec![];
    add_text(&mut body, &message.name);
    for (key, number) in &message.fields {
        add_text(&mut body, key);
        body.extend(number.to_ne_bytes());
    }
    let mut bytes = body.len().to_ne_bytes().to_vec();
    bytes.append(&mut body);
    to.write_all(&bytes)
}

fn eight(from: &mut &[u8]) -> io::Result<[u8; 8]> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(from: &mut &[u8]) -> io::Result<String> {
    let length = usize::from_ne_bytes(eight(from)?);
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

fn read(mut from: &io::PipeReader) -> io::Result<Option<Message>> {
    let mut length = vec![];
    from.take(8).read_to_end(&mut length)?;
    if length.is_empty() {
        return Ok(None);
    }
    let length = length.try_into().map_err(|_| io::ErrorKind::UnexpectedEof)?;
    let mut body = vec![0; usize::from_ne_bytes(length)];
    from.read_exact(&mut body)?;
    let mut body = &body[..];
    let mut message = Message { name: text(&mut body)?, fields: vec![] };
    while !body.is_empty() {
        let key = text(&mut body)?;
        message.fields.push((key, i64::from_ne_bytes(eight(&mut body)?)));
    }
    Ok(Some(message))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        write(&self.to, message)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        read(&self.from)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        thread::scope(|scope| {
            let sending = scope.spawn(|| write(&self.to, mine));
            let theirs = read(&self.from);
            sending.join().unwrap()?;
            theirs?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        })
    }
}

pub struct Partner {
    connection: Connection,
    pid: Pid,
}

impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (ours, mut theirs) = duplex()?;
        match unsafe { fork()? } {
            ForkResult::Child => {
                drop(ours);
                while let Some(request) = theirs.receive()? {
                    theirs.send(&answer(request))?;
                }
                std::process::exit(0);
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
            Some(message) => Ok(message),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the partner is dead")),
        }
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        while let Err(error) = waitpid(self.pid, None) {
            if error != nix::Error::EINTR {
                return Err(error.into());
            }
        }
        Ok(())
    }
}
