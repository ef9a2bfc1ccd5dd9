//! Hex text, a line for each message; exchange by poll-free ordering (first and second).
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}
pub struct Connection {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
    first: bool,
}
fn hex(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}
fn bad() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a message")
}
fn unhex(text: &str) -> io::Result<String> {
    let bytes: Option<Vec<u8>> =
        (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()).collect();
    String::from_utf8(bytes.ok_or_else(bad)?).map_err(|_| bad())
}
pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = UnixStream::pair()?;
    Ok((
        Connection { reader: BufReader::new(a.try_clone()?), writer: a, first: true },
        Connection { reader: BufReader::new(b.try_clone()?), writer: b, first: false },
    ))
}
impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        let mut line = hex(&message.name);
        for (k, v) in &message.fields {
            line += &format!(" {}={v}", hex(k));
        }
        line.push('\n');
        self.writer.write_all(line.as_bytes())
    }
    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.strip_suffix('\n').ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut words = line.split(' ');
        let name = unhex(words.next().ok_or_else(bad)?)?;
        let mut fields = vec![];
        for w in words {
            let (k, v) = w.split_once('=').ok_or_else(bad)?;
            fields.push((unhex(k)?, v.parse().map_err(|_| bad())?));
        }
        Ok(Some(Message { name, fields }))
    }
    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        if self.first {
            self.send(mine)?;
        }
        let theirs = self.receive()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        if !self.first {
            self.send(mine)?;
        }
        Ok(theirs)
    }
}
pub struct Partner {
    ours: Connection,
    pid: Pid,
}
impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (ours, mut theirs) = duplex()?;
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Partner { ours, pid: child }),
            ForkResult::Child => {
                std::mem::drop(ours);
                loop {
                    let Ok(Some(m)) = theirs.receive() else { unsafe { libc::_exit(0) } };
                    let reply = answer(m);
                    if theirs.send(&reply).is_err() {
                        unsafe { libc::_exit(1) }
                    }
                }
            }
        }
    }
    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.ours.send(request)?;
        self.ours.receive()?.ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))
    }
    pub fn finish(self) -> io::Result<()> {
        let Partner { ours, pid } = self;
        ours.writer.shutdown(std::net::Shutdown::Write)?;
        drop(ours);
        while waitpid(pid, None) == Err(nix::errno::Errno::EINTR) {}
        Ok(())
    }
}
