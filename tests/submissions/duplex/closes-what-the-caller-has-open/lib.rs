use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::thread;

use nix::errno::Errno;
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

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = UnixStream::pair()?;
    Ok((Connection { stream: a }, Connection { stream: b }))
}

// How many fields. Then the name, and each field; a text is its length and its bytes.
fn encode(message: &Message) -> Vec<u8> {
    fn text(bytes: &mut Vec<u8>, s: &str) {
        bytes.extend((s.len() as u32).to_be_bytes());
        bytes.extend(s.bytes());
    }
    let mut bytes = (message.fields.len() as u64).to_be_bytes().to_vec();
    text(&mut bytes, &message.name);
    for (key, value) in &message.fields {
        text(&mut bytes, key);
        bytes.extend(value.to_be_bytes());
    }
    bytes
}

fn read_text(from: &mut impl Read) -> io::Result<String> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    from.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|e| io::Error::new(ErrorKind::InvalidData, e))
}

fn read_message(from: &mut impl Read) -> io::Result<Option<Message>> {
    let mut count = [0; 8];
    loop {
        match from.read(&mut count[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    from.read_exact(&mut count[1..])?;
    let name = read_text(from)?;
    let mut fields = Vec::new();
    for _ in 0..u64::from_be_bytes(count) {
        let key = read_text(from)?;
        let mut value = [0; 8];
        from.read_exact(&mut value)?;
        fields.push((key, i64::from_be_bytes(value)));
    }
    Ok(Some(Message { name, fields }))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        self.stream.write_all(&encode(message))
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        read_message(&mut self.stream)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let mut copy = self.stream.try_clone()?;
        let bytes = encode(mine);
        thread::scope(|scope| {
            let sender = scope.spawn(move || copy.write_all(&bytes));
            let theirs = read_message(&mut self.stream);
            if !matches!(theirs, Ok(Some(_))) {
                let _ = self.stream.shutdown(std::net::Shutdown::Both);
            }
            let sent = sender.join().unwrap();
            let theirs = theirs?.ok_or(ErrorKind::UnexpectedEof)?;
            sent?;
            Ok(theirs)
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
                std::mem::forget(ours);
                // The partner is to hold nothing that it has inherited, but its own end. Otherwise
                // somebody could wait for the end of a pipe in vain.
                let mine = theirs.stream.as_raw_fd();
                for fd in 3..1024 {
                    if fd != mine {
                        unsafe { libc::close(fd) };
                    }
                }
                while let Ok(Some(request)) = theirs.receive() {
                    let reply = answer(request);
                    if theirs.send(&reply).is_err() {
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
        match self.connection.receive()? {
            Some(reply) => Ok(reply),
            None => Err(io::Error::other("the partner has ended")),
        }
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        loop {
            match waitpid(self.pid, None) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}
