use std::io;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::thread;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// What goes without a thread.
const SMALL: usize = 256 * 1024;

pub struct Connection {
    from: PipeReader,
    to: PipeWriter,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let one = io::pipe()?;
    let other = io::pipe()?;
    Ok((Connection { from: one.0, to: other.1 }, Connection { from: other.0, to: one.1 }))
}

struct Writer(Vec<u8>);

impl Writer {
    fn text(&mut self, text: &str) {
        self.number(text.len() as i64);
        self.0.extend_from_slice(text.as_bytes());
    }
    fn number(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_ne_bytes());
    }
}

fn encode(message: &Message) -> Vec<u8> {
    let mut writer = Writer(vec![0; 8]);
    writer.text(&message.name);
    for (key, value) in &message.fields {
        writer.text(key);
        writer.number(*value);
    }
    let mut bytes = writer.0;
    let length = bytes.len() as i64 - 8;
    bytes[..8].copy_from_slice(&length.to_ne_bytes());
    bytes
}

fn number(from: &mut impl Read) -> io::Result<i64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(i64::from_ne_bytes(bytes))
}

fn text(from: &mut impl Read) -> io::Result<String> {
    let mut bytes = vec![0; number(from)? as usize];
    from.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        self.to.write_all(&encode(message))
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut length = vec![];
        (&mut self.from).take(8).read_to_end(&mut length)?;
        if length.is_empty() {
            return Ok(None);
        }
        let mut body = vec![0; number(&mut &length[..])? as usize];
        self.from.read_exact(&mut body)?;
        let mut rest = &body[..];
        let mut message = Message { name: text(&mut rest)?, fields: vec![] };
        while !rest.is_empty() {
            message.fields.push((text(&mut rest)?, number(&mut rest)?));
        }
        Ok(Some(message))
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let bytes = encode(mine);
        let theirs = if bytes.len() < SMALL {
            self.to.write_all(&bytes)?;
            self.receive()?
        } else {
            let mut to = self.to.try_clone()?;
            thread::scope(|scope| {
                let sending = scope.spawn(move || to.write_all(&bytes));
                let theirs = self.receive();
                sending.join().expect("writing does not panic")?;
                theirs
            })?
        };
        theirs.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
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
                let mut serve = || -> io::Result<()> {
                    while let Some(request) = theirs.receive()? {
                        theirs.send(&answer(request))?;
                    }
                    Ok(())
                };
                std::process::exit(if serve().is_ok() { 0 } else { 1 })
            }
            ForkResult::Parent { child } => {
                drop(theirs);
                Ok(Partner { connection: ours, pid: child })
            }
        }
    }

    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        self.connection.receive()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        loop {
            match waitpid(self.pid, None) {
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
                Ok(_) => return Ok(()),
            }
        }
    }
}
