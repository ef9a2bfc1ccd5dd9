use std::io::{self, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u32).to_ne_bytes());
    out.extend(text.as_bytes());
}

fn encode(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    put_text(&mut out, &message.name);
    out.extend((message.fields.len() as u32).to_ne_bytes());
    for (key, value) in &message.fields {
        put_text(&mut out, key);
        out.extend(value.to_ne_bytes());
    }
    out
}

fn get<const N: usize>(from: &mut &[u8]) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn get_text(from: &mut &[u8]) -> io::Result<String> {
    let mut text = vec![0; u32::from_ne_bytes(get(from)?) as usize];
    from.read_exact(&mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}

fn decode(mut from: &[u8]) -> io::Result<Message> {
    let name = get_text(&mut from)?;
    let count = u32::from_ne_bytes(get(&mut from)?);
    let mut fields = Vec::new();
    for _ in 0..count {
        let key = get_text(&mut from)?;
        let value = i64::from_ne_bytes(get(&mut from)?);
        fields.push((key, value));
    }
    Ok(Message { name, fields })
}

pub struct Connection {
    input: io::PipeReader,
    output: io::PipeWriter,
}

/// A pipe with room for large messages.
fn large_pipe() -> io::Result<(io::PipeReader, io::PipeWriter)> {
    let ends = io::pipe()?;
    // The most that the kernel allows everybody.
    unsafe { libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(&ends.1), libc::F_SETPIPE_SZ, 1 << 20) };
    Ok(ends)
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (to_a, to_b) = (large_pipe()?, large_pipe()?);
    Ok((Connection { input: to_a.0, output: to_b.1 }, Connection { input: to_b.0, output: to_a.1 }))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        let body = encode(message);
        let mut bytes = (body.len() as u64).to_ne_bytes().to_vec();
        bytes.extend(body);
        self.output.write_all(&bytes)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        let mut head = [0u8; 8];
        if read_some(&self.input, &mut head[..1])? == 0 {
            return Ok(None);
        }
        self.input.read_exact(&mut head[1..])?;
        let mut body = vec![0; u64::from_ne_bytes(head) as usize];
        self.input.read_exact(&mut body)?;
        decode(&body).map(Some)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        // Nobody waits in here: it fits into the pipe.
        self.send(mine)?;
        self.receive()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
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

    pub fn finish(self) -> io::Result<()> {
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
