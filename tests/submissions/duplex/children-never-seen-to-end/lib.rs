use std::io;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use nix::sys::signal::{SigHandler, Signal, signal};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Connection {
    stream: UnixStream,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = UnixStream::pair()?;
    Ok((Connection { stream: a }, Connection { stream: b }))
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn number(bytes: &mut &[u8]) -> io::Result<u64> {
    let mut eight = [0; 8];
    bytes.read_exact(&mut eight)?;
    Ok(u64::from_le_bytes(eight))
}

fn get(bytes: &mut &[u8]) -> io::Result<String> {
    let mut text = String::new();
    let length = number(bytes)?;
    bytes.take(length).read_to_string(&mut text)?;
    Ok(text)
}

fn write_to(mut stream: &UnixStream, message: &Message) -> io::Result<()> {
    let mut body = Vec::new();
    put(&mut body, &message.name);
    for (key, value) in &message.fields {
        put(&mut body, key);
        body.extend_from_slice(&value.to_le_bytes());
    }
    let mut all = (body.len() as u64).to_le_bytes().to_vec();
    all.append(&mut body);
    stream.write_all(&all)
}

fn read_from(mut stream: &UnixStream) -> io::Result<Option<Message>> {
    let mut length = [0; 8];
    let mut have = 0;
    while have < 8 {
        match stream.read(&mut length[have..]) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => have += n,
            Err(e) if [ErrorKind::Interrupted, ErrorKind::ConnectionReset].contains(&e.kind()) => {}
            Err(e) => return Err(e),
        }
    }
    let mut body = vec![0; u64::from_le_bytes(length) as usize];
    stream.read_exact(&mut body)?;
    let mut rest = &body[..];
    let name = get(&mut rest)?;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let key = get(&mut rest)?;
        fields.push((key, number(&mut rest)? as i64));
    }
    Ok(Some(Message { name, fields }))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        write_to(&self.stream, message)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        read_from(&self.stream)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        std::thread::scope(|scope| {
            let sender = scope.spawn(|| write_to(&self.stream, mine));
            let theirs = read_from(&self.stream);
            sender.join().unwrap()?;
            theirs?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
        })
    }
}

pub struct Partner {
    connection: Connection,
    pid: Pid,
}

impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        // no zombies, whatever happens
        unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }?;
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
        self.connection.receive()?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        loop {
            match waitpid(self.pid, None) {
                Err(nix::Error::EINTR) => {}
                // it has gone, and the kernel has cleaned up
                Ok(_) | Err(nix::Error::ECHILD) => return Ok(()),
                Err(e) => return Err(e.into()),
            }
        }
    }
}
