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

fn escape(text: &str) -> String {
    text.replace('\n', "\\n").replace('\t', "\\t").replace('\0', "\\0")
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\0")
}

/// name TAB key TAB value TAB key TAB value LF
fn encode(m: &Message) -> Vec<u8> {
    let mut parts = vec![escape(&m.name)];
    for (k, v) in &m.fields {
        parts.push(escape(k));
        parts.push(v.to_string());
    }
    let mut line = parts.join("\t");
    line.push('\n');
    let mut bytes = (line.len() as u64).to_ne_bytes().to_vec();
    bytes.extend(line.bytes());
    bytes
}

fn decode(line: &[u8]) -> io::Result<Message> {
    let bad = || io::Error::from(ErrorKind::InvalidData);
    let line = std::str::from_utf8(line).map_err(|_| bad())?;
    let line = line.strip_suffix('\n').ok_or_else(bad)?;
    let mut parts = line.split('\t');
    let name = unescape(parts.next().ok_or_else(bad)?);
    let mut fields = Vec::new();
    while let Some(key) = parts.next() {
        let value = parts.next().ok_or_else(bad)?.parse().map_err(|_| bad())?;
        fields.push((unescape(key), value));
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
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = UnixStream::pair()?;
    Ok((Connection { stream: a }, Connection { stream: b }))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        write_message(&self.stream, message)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        read_message(&self.stream)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        std::thread::scope(|s| {
            let sending = s.spawn(|| write_message(&self.stream, mine));
            let theirs = read_message(&self.stream);
            sending.join().unwrap()?;
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
