use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::thread;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub name: String,
    pub fields: Vec<(String, i64)>,
}

pub struct Connection {
    socket: OwnedFd,
}

const PIECE: usize = 2000;
const MORE: u8 = 1;
const LAST: u8 = 2;

pub fn duplex() -> io::Result<(Connection, Connection)> {
    let (a, b) =
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
    Ok((Connection { socket: a }, Connection { socket: b }))
}

fn pack(m: &Message) -> Vec<u8> {
    let mut v = Vec::new();
    let mut text = |s: &String| {
        v.extend_from_slice(&(s.len() as u32).to_ne_bytes());
        v.extend_from_slice(s.as_bytes());
    };
    text(&m.name);
    for (k, _) in &m.fields {
        text(k);
    }
    // all keys, then all numbers, then how many
    for (_, n) in &m.fields {
        v.extend_from_slice(&n.to_ne_bytes());
    }
    v.extend_from_slice(&(m.fields.len() as u32).to_ne_bytes());
    v
}

fn unpack(v: &[u8]) -> Option<Message> {
    let (rest, count) = v.split_last_chunk::<4>()?;
    let count = u32::from_ne_bytes(*count) as usize;
    let (mut texts, numbers) = rest.split_at_checked(rest.len().checked_sub(8 * count)?)?;
    let mut text = || {
        let (length, after) = texts.split_first_chunk::<4>()?;
        let (text, after) = after.split_at_checked(u32::from_ne_bytes(*length) as usize)?;
        texts = after;
        String::from_utf8(text.to_vec()).ok()
    };
    let name = text()?;
    let fields = numbers
        .chunks_exact(8)
        .map(|c| Some((text()?, i64::from_ne_bytes(c.try_into().ok()?))))
        .collect::<Option<Vec<_>>>()?;
    Some(Message { name, fields })
}

fn put(fd: i32, message: &Message) -> io::Result<()> {
    let bytes = pack(message);
    let count = bytes.chunks(PIECE).len();
    for (i, piece) in bytes.chunks(PIECE).enumerate() {
        let mut packet = vec![if i + 1 == count { LAST } else { MORE }];
        packet.extend_from_slice(piece);
        loop {
            match send(fd, &packet, MsgFlags::MSG_NOSIGNAL) {
                Ok(_) => break,
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            }
        }
    }
    Ok(())
}

fn get(fd: i32) -> io::Result<Option<Message>> {
    let mut bytes = vec![];
    let mut packets = 0;
    loop {
        let mut packet = [0u8; PIECE + 1];
        let n = match recv(fd, &mut packet, MsgFlags::empty()) {
            Err(Errno::EINTR) => continue,
            other => other?,
        };
        if n == 0 {
            return if packets == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
        packets += 1;
        bytes.extend_from_slice(&packet[1..n]);
        if packet[0] == LAST {
            return unpack(&bytes).map(Some).ok_or(io::ErrorKind::InvalidData.into());
        }
    }
}

impl Connection {
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        put(self.socket.as_raw_fd(), message)
    }

    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        get(self.socket.as_raw_fd())
    }

    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let fd = self.socket.as_raw_fd();
        let (sent, theirs) = thread::scope(|s| {
            let receiving = s.spawn(move || get(fd));
            let sent = put(fd, mine);
            (sent, receiving.join().unwrap())
        });
        sent?;
        theirs?.ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "nobody there"))
    }
}

pub struct Partner {
    connection: Connection,
    child: Pid,
}

impl Partner {
    pub fn start(mut answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let (ours, mut theirs) = duplex()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(ours);
                let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                    while let Ok(Some(q)) = theirs.receive() {
                        let a = answer(q);
                        if theirs.send(&a).is_err() {
                            return;
                        }
                    }
                }));
                std::process::exit(r.is_err() as i32)
            }
            ForkResult::Parent { child } => Ok(Partner { connection: ours, child }),
        }
    }

    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        self.connection.send(request)?;
        let reply = self.connection.receive()?;
        reply.ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, "the partner is dead"))
    }

    pub fn finish(self) -> io::Result<()> {
        drop(self.connection);
        loop {
            match waitpid(self.child, None) {
                Ok(_) => break Ok(()),
                Err(Errno::EINTR) => {}
                Err(e) => break Err(e.into()),
            }
        }
    }
}
