use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('=', "\\e")
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('e') => '=',
                _ => '\\',
            },
            c => c,
        });
    }
    plain
}

fn encode(message: &Message) -> Vec<u8> {
    let mut lines = vec![escape(&message.name)];
    lines.extend(message.fields.iter().map(|(key, value)| format!("{}={value}", escape(key))));
    lines.join("\n").into_bytes()
}

fn decode(bytes: &[u8]) -> io::Result<Message> {
    let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
    let mut lines = text.split('\n');
    let name = unescape(lines.next().unwrap_or_default());
    let fields = lines.map(|line| {
        let (key, value) = line.split_once('=').ok_or(io::ErrorKind::InvalidData)?;
        Ok((unescape(key), value.parse().map_err(io::Error::other)?))
    });
    Ok(Message { name, fields: fields.collect::<io::Result<_>>()? })
}

pub struct Connection {
    stream: UnixStream,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = UnixStream::pair()?;
    Ok((Connection { stream: a }, Connection { stream: b }))
}

fn write_message(mut to: &UnixStream, message: &Message) -> io::Result<()> {
    let body = encode(message);
    let mut bytes = (body.len() as u64).to_ne_bytes().to_vec();
    bytes.extend(body);
    to.write_all(&bytes)
}

fn read_message(mut from: &UnixStream) -> io::Result<Option<Message>> {
    let mut head = [0u8; 8];
    let mut got = 0;
    while got < head.len() {
        match read_some(&mut from, &mut head[got..])? {
            0 if got == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => got += n,
        }
    }
    if head == [0; 8] {
        return Ok(None); // said goodbye
    }
    let mut body = vec![0; u64::from_ne_bytes(head) as usize];
    from.read_exact(&mut body)?;
    decode(&body).map(Some)
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        write_message(&self.stream, message)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        read_message(&self.stream)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let stream = &self.stream;
        std::thread::scope(|scope| {
            let sending = scope.spawn(move || write_message(stream, mine));
            let theirs = read_message(stream);
            sending.join().unwrap()?;
            theirs?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
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
        self.connection.receive()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    pub fn finish(mut self) -> io::Result<()> {
        // Goodbye: a message of length 0.
        let _ = self.connection.stream.write_all(&[0; 8]);
        drop(self.connection);
        while waitpid(self.pid, None) == Err(nix::errno::Errno::EINTR) {}
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
