use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u64).to_ne_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn encode(m: &Message) -> Vec<u8> {
    let mut body = Vec::new();
    put_text(&mut body, &m.name);
    for (k, v) in &m.fields {
        put_text(&mut body, k);
        body.extend_from_slice(&v.to_ne_bytes());
    }
    let mut all = (body.len() as u64).to_ne_bytes().to_vec();
    all.append(&mut body);
    all
}

fn get_u64(from: &mut &[u8]) -> io::Result<u64> {
    let mut b = [0; 8];
    from.read_exact(&mut b)?;
    Ok(u64::from_ne_bytes(b))
}

fn get_text(from: &mut &[u8]) -> io::Result<String> {
    let len = get_u64(from)? as usize;
    if from.len() < len {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut b = vec![0; len];
    from.read_exact(&mut b)?;
    String::from_utf8(b).map_err(|_| ErrorKind::InvalidData.into())
}

fn decode(mut body: &[u8]) -> io::Result<Message> {
    let name = get_text(&mut body)?;
    let mut fields = vec![];
    while !body.is_empty() {
        let k = get_text(&mut body)?;
        fields.push((k, get_u64(&mut body)? as i64));
    }
    Ok(Message { name, fields })
}
fn write_message(mut to: &UnixStream, m: &Message) -> io::Result<()> {
    to.write_all(&encode(m))
}

fn read_message(mut from: &UnixStream) -> io::Result<Option<Message>> {
    let mut len = [0u8; 8];
    loop {
        match from.read(&mut len[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    from.read_exact(&mut len[1..])?;
    let mut body = vec![0; u64::from_ne_bytes(len) as usize];
    from.read_exact(&mut body)?;
    decode(&body).map(Some)
}
pub struct Connection {
    stream: UnixStream,
    /// who made the connection
    maker: u32,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = UnixStream::pair()?;
    let maker = std::process::id();
    Ok((Connection { stream: a, maker }, Connection { stream: b, maker }))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        write_message(&self.stream, message)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        read_message(&self.stream)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let gone = || io::Error::new(ErrorKind::UnexpectedEof, "nobody there");
        if std::process::id() == self.maker {
            self.send(mine)?;
            self.receive()?.ok_or_else(gone)
        } else {
            let theirs = self.receive()?.ok_or_else(gone)?;
            self.send(mine)?;
            Ok(theirs)
        }
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
            ForkResult::Parent { child } => Ok(Partner { connection: ours, pid: child }),
        }
    }

    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        self.connection.receive()?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }

    pub fn finish(self) -> io::Result<()> {
        let Partner { connection, pid } = self;
        drop(connection);
        while let Err(e) = waitpid(pid, None) {
            if e != Errno::EINTR {
                return Err(e.into());
            }
        }
        Ok(())
    }
}
