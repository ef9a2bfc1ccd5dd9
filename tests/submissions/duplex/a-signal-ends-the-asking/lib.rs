use std::io;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

use std::os::fd::{AsFd, OwnedFd};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, read, write};

pub struct Connection {
    socket: OwnedFd,
}

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)?;
    Ok((Connection { socket: a }, Connection { socket: b }))
}

fn write_fully<F: AsFd>(fd: F, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let n = write(&fd, bytes)?;
        bytes = &bytes[n..];
    }
    Ok(())
}

/// Returns how many bytes came before the end.
fn read_fully<F: AsFd>(fd: F, bytes: &mut [u8]) -> io::Result<usize> {
    let mut have = 0;
    while have < bytes.len() {
        match read(&fd, &mut bytes[have..]) {
            Ok(0) => break,
            Ok(n) => have += n,
            Err(nix::Error::ECONNRESET) => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(have)
}

fn send_to(fd: &OwnedFd, message: &Message) -> io::Result<()> {
    let mut bytes: Vec<u8> = vec![0; 4];
    let mut add = |text: &str, number: i64| {
        bytes.extend((text.len() as u32).to_be_bytes());
        bytes.extend(text.bytes());
        bytes.extend(number.to_be_bytes());
    };
    add(&message.name, 0);
    for (key, value) in &message.fields {
        add(key, *value);
    }
    let size = (bytes.len() - 4) as u32;
    bytes[..4].copy_from_slice(&size.to_be_bytes());
    write_fully(fd, &bytes)
}

fn receive_from(fd: &OwnedFd) -> io::Result<Option<Message>> {
    let eof = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut size = [0; 4];
    match read_fully(fd, &mut size)? {
        0 => return Ok(None),
        4 => {}
        _ => return Err(eof()),
    }
    let mut body = vec![0; u32::from_be_bytes(size) as usize];
    if read_fully(fd, &mut body)? < body.len() {
        return Err(eof());
    }
    let mut all = vec![];
    let mut rest = &body[..];
    while rest.len() >= 12 {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        let text = rest.get(4..4 + length).ok_or_else(eof)?.to_vec();
        let number = rest.get(4 + length..12 + length).ok_or_else(eof)?;
        let text = String::from_utf8(text).map_err(io::Error::other)?;
        all.push((text, i64::from_be_bytes(number.try_into().unwrap())));
        rest = &rest[12 + length..];
    }
    if all.is_empty() {
        return Err(eof());
    }
    let (name, _) = all.remove(0);
    Ok(Some(Message { name, fields: all }))
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        send_to(&self.socket, message)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        receive_from(&self.socket)
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        std::thread::scope(|scope| {
            let handle = scope.spawn(|| send_to(&self.socket, mine));
            let theirs = receive_from(&self.socket);
            handle.join().unwrap()?;
            theirs?.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
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
            ForkResult::Parent { child } => {
                drop(theirs);
                Ok(Partner { connection: ours, pid: child })
            }
        }
    }

    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        self.connection
            .receive()?
            .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "dead"))
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        waitpid(self.pid, None)?;
        Ok(())
    }
}
