//! Two pipes, a format like bencode, and an exchange whose sending half is a process.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

// l6:circle 2:cx i5e ... e, without the blanks

fn encode(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend(format!("{}:", text.len()).into_bytes());
        out.extend(text.as_bytes());
    };
    out.push(b'l');
    text(&mut out, &message.name);
    for (key, value) in &message.fields {
        text(&mut out, key);
        out.extend(format!("i{value}e").into_bytes());
    }
    out.push(b'e');
    out
}

struct Decoder<'a>(&'a mut dyn Read);

impl Decoder<'_> {
    fn byte(&mut self) -> io::Result<u8> {
        let mut one = [0];
        self.0.read_exact(&mut one)?;
        Ok(one[0])
    }

    fn expect(&mut self, what: u8) -> io::Result<()> {
        if self.byte()? == what { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
    }

    fn number(&mut self, first: Option<u8>, end: u8) -> io::Result<i64> {
        let mut digits = String::from_iter(first.map(char::from));
        loop {
            match self.byte()? {
                byte if byte == end => break,
                byte => digits.push(char::from(byte)),
            }
        }
        digits.parse().map_err(|_| ErrorKind::InvalidData.into())
    }

    fn text(&mut self, first: u8) -> io::Result<String> {
        let length = self.number(Some(first), b':')?;
        let length =
            usize::try_from(length).map_err(|_| io::Error::from(ErrorKind::InvalidData))?;
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| ErrorKind::InvalidData.into())
    }

    /// Behind the `l`.
    fn message(&mut self) -> io::Result<Message> {
        let first = self.byte()?;
        let name = self.text(first)?;
        let mut fields = Vec::new();
        loop {
            match self.byte()? {
                b'e' => return Ok(Message { name, fields }),
                first => {
                    let key = self.text(first)?;
                    self.expect(b'i')?;
                    fields.push((key, self.number(None, b'e')?));
                }
            }
        }
    }
}

pub struct Connection {
    from: PipeReader,
    to: PipeWriter,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (there, to) = io::pipe()?;
    let (from, back) = io::pipe()?;
    Ok((Connection { from, to }, Connection { from: there, to: back }))
}

fn wait_for(pid: Pid) -> io::Result<()> {
    loop {
        match waitpid(pid, None) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        self.to.write_all(&encode(message))
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut first = [0];
        loop {
            match self.from.read(&mut first) {
                Ok(0) => return Ok(None),
                Ok(_) if first == *b"l" => return Decoder(&mut self.from).message().map(Some),
                Ok(_) => return Err(ErrorKind::InvalidData.into()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let bytes = encode(mine);
        // A process that does nothing but send: write and _exit.
        let sender = match unsafe { fork() }? {
            ForkResult::Child => {
                // Whoever writes to us is to see that we are gone, should we be.
                unsafe { libc::close(std::os::fd::AsRawFd::as_raw_fd(&self.from)) };
                let status = i32::from(self.to.write_all(&bytes).is_err());
                unsafe { libc::_exit(status) }
            }
            ForkResult::Parent { child } => child,
        };
        let theirs = self.receive();
        if !matches!(theirs, Ok(Some(_))) {
            let _ = kill(sender, Signal::SIGKILL);
        }
        wait_for(sender)?;
        theirs?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }
}

pub struct Partner {
    connection: Connection,
    pid: Pid,
}

impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (connection, mut theirs) = duplex()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(connection);
                let mut serve = || -> io::Result<()> {
                    while let Some(request) = theirs.receive()? {
                        theirs.send(&answer(request))?;
                    }
                    Ok(())
                };
                let _ = serve();
                std::process::exit(0)
            }
            ForkResult::Parent { child } => Ok(Partner { connection, pid: child }),
        }
    }

    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        match self.connection.receive()? {
            Some(reply) => Ok(reply),
            None => Err(io::Error::new(ErrorKind::BrokenPipe, "the partner is dead")),
        }
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        wait_for(self.pid)
    }
}
