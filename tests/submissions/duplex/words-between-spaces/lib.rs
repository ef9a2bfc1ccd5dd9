//! Two processes over a pair of sockets, in lines of text.

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

fn encode(message: &Message) -> Vec<u8> {
    let fields: Vec<_> =
        message.fields.iter().map(|(name, number)| format!(" {name}={number}")).collect();
    format!("{}{}\n", message.name, fields.concat()).into_bytes()
}

fn decode(line: &str) -> Message {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default().to_owned();
    let field = |word: &str| {
        let (name, number) = word.split_once('=')?;
        Some((name.to_owned(), number.parse().ok()?))
    };
    Message { name, fields: words.filter_map(field).collect() }
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
        self.stream.write_all(&encode(message))
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let (mut line, mut byte) = (Vec::new(), [0]);
        loop {
            if read_some(&self.stream, &mut byte)? == 0 {
                return Ok(None);
            }
            if byte[0] == b'\n' {
                return Ok(Some(decode(&String::from_utf8_lossy(&line))));
            }
            line.push(byte[0]);
        }
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let mut other = Connection { stream: self.stream.try_clone()? };
        thread::scope(|scope| {
            let sending = scope.spawn(move || other.send(mine));
            let theirs = self.receive()?.ok_or(ErrorKind::UnexpectedEof)?;
            sending.join().expect("sending does not panic")?;
            Ok(theirs)
        })
    }
}

pub struct Partner {
    connection: Connection,
    child: Pid,
}

impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (ours, mut theirs) = duplex()?;
        // SAFETY: there is one thread only.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(ours);
                while let Ok(Some(request)) = theirs.receive() {
                    let reply = answer(request);
                    if theirs.send(&reply).is_err() {
                        break;
                    }
                }
                exit(0)
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

/// As `read`, and again if a signal came in between.
fn read_some(mut from: impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
