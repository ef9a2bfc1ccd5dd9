use std::io;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Connection {
    stream: UnixStream,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = UnixStream::pair()?;
    Ok((Connection { stream: a }, Connection { stream: b }))
}

fn write_text(mut to: &UnixStream, text: &str) -> io::Result<()> {
    to.write_all(&(text.len() as u64).to_ne_bytes())?;
    to.write_all(text.as_bytes())
}

fn write_message(mut to: &UnixStream, message: &Message) -> io::Result<()> {
    to.write_all(&(message.fields.len() as u64).to_ne_bytes())?;
    write_text(to, &message.name)?;
    for (key, value) in &message.fields {
        write_text(to, key)?;
        to.write_all(&value.to_ne_bytes())?;
    }
    Ok(())
}

fn read_number(mut from: &UnixStream) -> io::Result<[u8; 8]> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn read_text(mut from: &UnixStream) -> io::Result<String> {
    let size = u64::from_ne_bytes(read_number(from)?) as usize;
    let mut bytes = vec![0; size];
    from.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

fn read_message(mut from: &UnixStream) -> io::Result<Option<Message>> {
    let mut first = [0; 8];
    loop {
        match from.read(&mut first[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if e.kind() == io::ErrorKind::ConnectionReset => {}
            Err(e) => return Err(e),
        }
    }
    from.read_exact(&mut first[1..])?;
    let count = u64::from_ne_bytes(first);
    let name = read_text(from)?;
    let mut fields = Vec::new();
    for _ in 0..count {
        let key = read_text(from)?;
        fields.push((key, i64::from_ne_bytes(read_number(from)?)));
    }
    Ok(Some(Message { name, fields }))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        write_message(&self.stream, message)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        read_message(&self.stream)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let copy = self.stream.try_clone()?;
        thread::scope(|scope| {
            let sending = scope.spawn(|| write_message(&copy, mine));
            let theirs = read_message(&self.stream);
            sending.join().unwrap()?;
            theirs?.ok_or(io::ErrorKind::UnexpectedEof.into())
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
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(ours);
                while let Ok(Some(request)) = theirs.receive() {
                    if theirs.send(&answer(request)).is_err() {
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
        self.connection.receive()?.ok_or(io::ErrorKind::UnexpectedEof.into())
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        loop {
            match waitpid(self.pid, None) {
                Err(nix::Error::EINTR) => continue,
                other => return other.map(|_| ()).map_err(|e| e.into()),
            }
        }
    }
}
