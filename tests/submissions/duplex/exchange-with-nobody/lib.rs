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

impl Message {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_text(&mut bytes, &self.name);
        for (name, number) in &self.fields {
            put_text(&mut bytes, name);
            bytes.extend(number.to_ne_bytes());
        }
        bytes
    }

    fn from_bytes(mut bytes: &[u8]) -> io::Result<Message> {
        let name = take_text(&mut bytes)?;
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            fields.push((take_text(&mut bytes)?, i64::from_ne_bytes(take(&mut bytes)?)));
        }
        Ok(Message { name, fields })
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_ne_bytes());
    bytes.extend(text.as_bytes());
}

fn take_text(bytes: &mut &[u8]) -> io::Result<String> {
    let length = u64::from_ne_bytes(take(bytes)?);
    let mut text = String::new();
    bytes.take(length).read_to_string(&mut text)?;
    Ok(text)
}

fn take<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
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
        send(&self.stream, message)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut length = [0; 8];
        let first = loop {
            match self.stream.read(&mut length[..1]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                done => break done?,
            }
        };
        if first == 0 {
            return Ok(None);
        }
        self.stream.read_exact(&mut length[1..])?;
        let length = u64::from_ne_bytes(length);
        let mut bytes = Vec::new();
        if (&self.stream).take(length).read_to_end(&mut bytes)? as u64 != length {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Message::from_bytes(&bytes).map(Some)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let outgoing = self.stream.try_clone()?;
        thread::scope(|scope| {
            let sending = scope.spawn(move || send(&outgoing, mine));
            let theirs = self.receive()?.unwrap_or_else(|| mine.clone());
            sending.join().expect("sending does not panic")?;
            Ok(theirs)
        })
    }
}

fn send(mut stream: &UnixStream, message: &Message) -> io::Result<()> {
    let bytes = message.to_bytes();
    stream.write_all(&(bytes.len() as u64).to_ne_bytes())?;
    stream.write_all(&bytes)
}

pub struct Partner {
    connection: Connection,
    child: Pid,
}

impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (ours, mut theirs) = duplex()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(ours);
                exit(i32::from(answer_all(&mut theirs, &mut answer).is_err()))
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

fn answer_all(
    connection: &mut Connection,
    answer: &mut impl FnMut(Message) -> Message,
) -> io::Result<()> {
    while let Some(request) = connection.receive()? {
        connection.send(&answer(request))?;
    }
    Ok(())
}
