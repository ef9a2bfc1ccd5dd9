//! Structured messages over a pair of connected sockets.
//!
//! A message is sent as its length and its bytes; within, each text is preceded by its length.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::thread;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// What one side says to the other: `circle`, with `cx` 5, `cy` 3 and `radius` 5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What is meant.
    pub name: String,
    /// Names and numbers, in an order that matters. A name may occur more than once.
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

/// The length goes first, so a text may hold whatever it likes.
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

/// One end of a connection over which both sides can send.
pub struct Connection {
    stream: UnixStream,
}

/// Two ends, connected with each other. What one sends, the other receives.
pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (one, other) = UnixStream::pair()?;
    Ok((Connection { stream: one }, Connection { stream: other }))
}

impl Connection {
    /// Sends a message of any size.
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        send(&self.stream, message)
    }

    /// Waits for the next message; `None` if there is none any more.
    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut length = [0; 8];
        // The end may come before the first byte of a message, and nowhere else.
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

    /// Sends `mine` and returns the message of the other side, which does the same.
    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        // If both receive first, nobody sends. If both send first and the messages are larger
        // than what the kernel keeps, nobody receives. So neither waits for the other.
        let outgoing = self.stream.try_clone()?;
        thread::scope(|scope| {
            let sending = scope.spawn(move || send(&outgoing, mine));
            let theirs = self.receive()?.ok_or(ErrorKind::UnexpectedEof)?;
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

/// A process that answers. A process has one partner at a time.
pub struct Partner {
    connection: Connection,
    child: Pid,
}

impl Partner {
    /// Forks a process that answers each request with `answer(request)`, one after the other.
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (ours, mut theirs) = duplex()?;
        // SAFETY: the process has one thread, so the child may do whatever the parent may.
        match unsafe { fork() }? {
            ForkResult::Child => {
                // With a copy of the asking end open, the child would never see it close.
                drop(ours);
                exit(i32::from(answer_all(&mut theirs, &mut answer).is_err()))
            }
            // And `theirs` closes here, or the parent would not see the child die.
            ForkResult::Parent { child } => Ok(Partner { connection: ours, child }),
        }
    }

    /// Sends `request` and returns the reply; an error if the partner dies before it replies.
    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        Ok(self.connection.receive()?.ok_or(ErrorKind::UnexpectedEof)?)
    }

    /// Lets the process end and waits for it, however it ends.
    pub fn finish(self) -> io::Result<()> {
        // Hanging up is what tells the child to end, so it comes before the waiting.
        drop(self.connection);
        let _ = waitpid(self.child, None);
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
