use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

const SET: u64 = 1;
const GET: u64 = 2;
const PUSH: u64 = 3;
const REPLACE: u64 = 4;
const ITEM: u64 = 5;
const LIST: u64 = 6;
const ACQUIRE: u64 = 7;
const TRY: u64 = 8;
const RELEASE: u64 = 9;

struct Conn {
    stream: UnixStream,
    input: Vec<u8>,
    trusted: bool,
}

#[derive(Default)]
struct Server {
    conns: HashMap<RawFd, Conn>,
    dict: HashMap<Vec<u8>, u64>,
    list: Vec<u64>,
    holder: Option<RawFd>,
    line: VecDeque<RawFd>,
    key: Vec<u8>,
}

fn word(bytes: &[u8], number: usize) -> u64 {
    u64::from_ne_bytes(bytes[number * 8..number * 8 + 8].try_into().unwrap())
}

fn reply(to: &mut UnixStream, ok: bool, words: &[u64]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(16 + 8 * words.len());
    bytes.extend((words.len() as u64).to_ne_bytes());
    bytes.extend(u64::from(ok).to_ne_bytes());
    for word in words {
        bytes.extend(word.to_ne_bytes());
    }
    to.write_all(&bytes)
}

impl Server {
    fn reply(&mut self, fd: RawFd, ok: bool, words: &[u64]) -> bool {
        match self.conns.get_mut(&fd) {
            Some(conn) => reply(&mut conn.stream, ok, words).is_ok(),
            None => false,
        }
    }

    fn pass_on(&mut self) {
        self.holder = None;
        while let Some(next) = self.line.pop_front() {
            // Those who have gone meanwhile are skipped.
            if self.conns.contains_key(&next) && self.reply(next, true, &[]) {
                self.holder = Some(next);
                break;
            }
        }
    }

    fn remove(&mut self, fd: RawFd) {
        self.conns.remove(&fd);
        if self.holder == Some(fd) {
            self.pass_on();
        }
    }

    /// One message; false if it is none.
    fn message(&mut self, fd: RawFd, m: &[u8]) -> bool {
        if m.len() < 24 {
            return false;
        }
        let (kind, one, two, name) = (word(m, 0), word(m, 1), word(m, 2), &m[24..]);
        let index = one as usize;
        match kind {
            SET => {
                self.dict.insert(name.to_vec(), one);
                self.reply(fd, true, &[])
            }
            GET => match self.dict.get(name).copied() {
                Some(value) => self.reply(fd, true, &[value]),
                None => self.reply(fd, true, &[]),
            },
            PUSH => {
                self.list.push(one);
                self.reply(fd, true, &[])
            }
            REPLACE if index < self.list.len() => {
                self.list[index] = two;
                self.reply(fd, true, &[])
            }
            ITEM if index < self.list.len() => {
                let item = self.list[index];
                self.reply(fd, true, &[item])
            }
            REPLACE | ITEM => self.reply(fd, false, &[]),
            LIST => {
                let list = self.list.clone();
                self.reply(fd, true, &list)
            }
            ACQUIRE => {
                if self.holder.is_some() {
                    self.line.push_back(fd);
                    return true;
                }
                self.holder = Some(fd);
                self.reply(fd, true, &[])
            }
            TRY => {
                let free = self.holder.is_none();
                if free {
                    self.holder = Some(fd);
                }
                self.reply(fd, true, &[free as u64])
            }
            RELEASE => {
                self.pass_on();
                self.reply(fd, true, &[])
            }
            _ => false,
        }
    }

    /// False if the connection is over.
    fn readable(&mut self, fd: RawFd) -> bool {
        let Some(conn) = self.conns.get_mut(&fd) else { return false };
        let mut bytes = [0; 4096];
        match conn.stream.read(&mut bytes) {
            Ok(0) | Err(_) => return false,
            Ok(n) => conn.input.extend_from_slice(&bytes[..n]),
        }
        loop {
            let Some(conn) = self.conns.get_mut(&fd) else { return false };
            let Some(head) = conn.input.first_chunk::<2>() else { return true };
            let length = u16::from_ne_bytes(*head) as usize;
            if length > 1000 {
                return false;
            }
            if conn.input.len() < 2 + length {
                return true;
            }
            let message: Vec<u8> = conn.input.drain(..2 + length).skip(2).collect();
            if conn.trusted {
                if !self.message(fd, &message) {
                    return false;
                }
            } else {
                if message != self.key {
                    return false;
                }
                conn.trusted = true;
                self.reply(fd, true, &[]);
            }
        }
    }

    fn run(&mut self, listener: &UnixListener) -> ! {
        loop {
            let pollfd = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
            let mut fds = vec![pollfd(listener.as_raw_fd())];
            fds.extend(self.conns.keys().map(|fd| pollfd(*fd)));
            if unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, -1) } < 0 {
                continue;
            }
            for pollfd in &fds[1..] {
                if pollfd.revents != 0 && !self.readable(pollfd.fd) {
                    self.remove(pollfd.fd);
                }
            }
            if fds[0].revents != 0 {
                if let Ok((stream, _)) = listener.accept() {
                    let conn = Conn { stream, input: Vec::new(), trusted: false };
                    self.conns.insert(conn.stream.as_raw_fd(), conn);
                }
            }
        }
    }
}

pub struct Manager {
    child: Pid,
    path: PathBuf,
}

impl Manager {
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        let listener = UnixListener::bind(path)?;
        match unsafe { fork() }? {
            ForkResult::Child => Server { key: key.to_vec(), ..Server::default() }.run(&listener),
            ForkResult::Parent { child } => Ok(Manager { child, path: path.into() }),
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        let killed = kill(self.child, Signal::SIGTERM);
        let waited = waitpid(self.child, None);
        let _ = fs::remove_file(&self.path);
        killed?;
        waited?;
        Ok(())
    }
}

pub struct Client {
    stream: UnixStream,
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let mut client = Client { stream: UnixStream::connect(path)? };
        client.send(key)?;
        client.receive()?;
        Ok(client)
    }

    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let length = u16::try_from(message.len()).map_err(io::Error::other)?;
        self.stream.write_all(&[&length.to_ne_bytes(), message].concat())
    }

    fn word(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.stream.read_exact(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn receive(&mut self) -> io::Result<Vec<u64>> {
        let length = self.word()?;
        let ok = self.word()?;
        let words = (0..length).map(|_| self.word()).collect::<io::Result<Vec<_>>>()?;
        if ok == 1 { Ok(words) } else { Err(io::Error::from(io::ErrorKind::NotFound)) }
    }

    fn ask(&mut self, kind: u64, one: u64, two: u64, name: &str) -> io::Result<Vec<u64>> {
        let mut message: Vec<u8> =
            [kind, one, two].into_iter().flat_map(u64::to_ne_bytes).collect();
        message.extend(name.bytes());
        self.send(&message)?;
        self.receive()
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.ask(SET, value.to_bits(), 0, name).map(|_| ())
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let words = self.ask(GET, 0, 0, name)?;
        Ok(words.first().map(|bits| f64::from_bits(*bits)))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(PUSH, item as u64, 0, "").map(|_| ())
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        self.ask(REPLACE, index as u64, item as u64, "").map(|_| ())
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        Ok(self.ask(LIST, 0, 0, "")?.iter().map(|word| *word as i64).collect())
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.ask(ACQUIRE, 0, 0, "").map(|_| ())
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        Ok(self.ask(TRY, 0, 0, "")?.first() == Some(&1))
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.ask(RELEASE, 0, 0, "").map(|_| ())
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let done = match self.ask(ITEM, index as u64, 0, "") {
            Ok(item) => self.replace(index, next(item[0] as i64)),
            Err(error) => Err(error),
        };
        self.release()?;
        done
    }
}
