use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::exit;

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

const LISTENER: u64 = 0;
const MAX_QUESTION: usize = 1024;

#[derive(Debug)]
enum Question {
    Set(Vec<u8>, u64),
    Get(Vec<u8>),
    Push(i64),
    Replace(u64, i64),
    Item(u64),
    List,
    Acquire,
    TryAcquire,
    Release,
}

impl Question {
    fn encode(&self) -> Vec<u8> {
        let mut out = vec![];
        match self {
            Question::Set(name, bits) => {
                out.push(0);
                out.extend(bits.to_le_bytes());
                out.extend(name);
            }
            Question::Get(name) => {
                out.push(1);
                out.extend(name);
            }
            Question::Push(item) => {
                out.push(2);
                out.extend(item.to_le_bytes());
            }
            Question::Replace(index, item) => {
                out.push(3);
                out.extend(index.to_le_bytes());
                out.extend(item.to_le_bytes());
            }
            Question::Item(index) => {
                out.push(4);
                out.extend(index.to_le_bytes());
            }
            Question::List => out.push(5),
            Question::Acquire => out.push(6),
            Question::TryAcquire => out.push(7),
            Question::Release => out.push(8),
        }
        out
    }

    fn decode(bytes: &[u8]) -> Option<Question> {
        let (kind, rest) = bytes.split_first()?;
        let eight = |at: usize| rest.get(at..)?.first_chunk::<8>().copied();
        Some(match kind {
            0 => Question::Set(rest.get(8..)?.to_vec(), u64::from_le_bytes(eight(0)?)),
            1 => Question::Get(rest.to_vec()),
            2 => Question::Push(i64::from_le_bytes(eight(0)?)),
            3 => Question::Replace(u64::from_le_bytes(eight(0)?), i64::from_le_bytes(eight(8)?)),
            4 => Question::Item(u64::from_le_bytes(eight(0)?)),
            5 => Question::List,
            6 => Question::Acquire,
            7 => Question::TryAcquire,
            8 => Question::Release,
            _ => return None,
        })
    }
}

/// status, then payload
fn frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_le_bytes().to_vec();
    frame.extend(payload);
    frame
}

struct Peer {
    stream: UnixStream,
    buffer: Vec<u8>,
    admitted: bool,
}

impl Peer {
    /// The next whole frame. An error if it cannot be one.
    fn frame(&mut self) -> Result<Option<Vec<u8>>, ()> {
        let Some(length) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_QUESTION {
            return Err(());
        }
        if self.buffer.len() < 4 + length {
            return Ok(None);
        }
        let frame = self.buffer[4..4 + length].to_vec();
        self.buffer.drain(..4 + length);
        Ok(Some(frame))
    }
}

struct Server<'a> {
    key: &'a [u8],
    epoll: Epoll,
    peers: HashMap<u64, Peer>,
    dict: BTreeMap<Vec<u8>, u64>,
    list: Vec<i64>,
    /// The first has the lock, the others wait for it.
    queue: Vec<u64>,
}

impl Server<'_> {
    fn tell(&mut self, id: u64, status: u8, payload: &[u8]) {
        if let Some(peer) = self.peers.get_mut(&id) {
            let _ = peer.stream.write_all(&frame(&[&[status], payload].concat()));
        }
    }

    fn leave_queue(&mut self, id: u64) {
        let first = self.queue.first() == Some(&id);
        self.queue.retain(|other| *other != id);
        if first && !self.queue.is_empty() {
            self.tell(self.queue[0], 1, &[]);
        }
    }

    fn answer(&mut self, id: u64, question: Question) {
        match question {
            Question::Set(name, bits) => {
                self.dict.insert(name, bits);
                self.tell(id, 1, &[]);
            }
            Question::Get(name) => {
                let found = self.dict.get(&name).map(|bits| bits.to_le_bytes().to_vec());
                self.tell(id, 1, &found.unwrap_or_default());
            }
            Question::Push(item) => {
                self.list.push(item);
                self.tell(id, 1, &[]);
            }
            Question::Replace(index, item) => {
                let place = self.list.get_mut(index as usize);
                let found = place.map(|place| *place = item).is_some();
                self.tell(id, found as u8, &[]);
            }
            Question::Item(index) => match self.list.get(index as usize).copied() {
                Some(item) => self.tell(id, 1, &item.to_le_bytes()),
                None => self.tell(id, 0, &[]),
            },
            Question::List => {
                let bytes: Vec<u8> = self.list.iter().flat_map(|item| item.to_le_bytes()).collect();
                self.tell(id, 1, &bytes);
            }
            Question::Acquire => {
                self.queue.push(id);
                if self.queue.len() == 1 {
                    self.tell(id, 1, &[]);
                }
            }
            Question::TryAcquire => {
                let free = self.queue.is_empty();
                if free {
                    self.queue.push(id);
                }
                self.tell(id, 1, &[free as u8]);
            }
            Question::Release => {
                self.tell(id, 1, &[]);
                self.leave_queue(id);
            }
        }
    }

    fn hang_up(&mut self, id: u64) {
        if let Some(peer) = self.peers.remove(&id) {
            let _ = self.epoll.delete(&peer.stream);
        }
        self.leave_queue(id);
    }

    fn input(&mut self, id: u64) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let mut chunk = [0; 2048];
        let n = match peer.stream.read(&mut chunk) {
            Ok(n) => n,
            Err(_) => return self.hang_up(id),
        };
        peer.buffer.extend(&chunk[..n]);
        loop {
            let Some(peer) = self.peers.get_mut(&id) else { return };
            match peer.frame() {
                Err(()) => return self.hang_up(id),
                Ok(None) => break,
                Ok(Some(bytes)) if !peer.admitted => {
                    if bytes != self.key {
                        return self.hang_up(id);
                    }
                    peer.admitted = true;
                    self.tell(id, 1, &[]);
                }
                Ok(Some(bytes)) => match Question::decode(&bytes) {
                    Some(question) => self.answer(id, question),
                    None => return self.hang_up(id),
                },
            }
        }
        // At the end, but not before everything that came has been worked on.
        if n == 0 && self.peers.get(&id).is_some_and(|peer| peer.buffer.is_empty()) {
            self.hang_up(id);
        }
    }

    fn run(mut self, listener: &UnixListener) -> io::Result<()> {
        self.epoll.add(listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
        let mut next = LISTENER;
        let mut events = [EpollEvent::empty(); 32];
        loop {
            let n = match self.epoll.wait(&mut events, EpollTimeout::NONE) {
                Ok(n) => n,
                Err(Errno::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
            for event in &events[..n] {
                if event.data() != LISTENER {
                    self.input(event.data());
                } else if let Ok((stream, _)) = listener.accept() {
                    next += 1;
                    self.epoll.add(&stream, EpollEvent::new(EpollFlags::EPOLLIN, next))?;
                    self.peers.insert(next, Peer { stream, buffer: vec![], admitted: false });
                }
            }
        }
    }
}

pub struct Manager {
    pid: Pid,
    path: PathBuf,
}

impl Manager {
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        let listener = UnixListener::bind(path)?;
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Manager { pid: child, path: path.to_path_buf() }),
            ForkResult::Child => {
                let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC);
                let result = epoll.map_err(io::Error::from).and_then(|epoll| {
                    Server {
                        key,
                        epoll,
                        peers: HashMap::new(),
                        dict: BTreeMap::new(),
                        list: vec![],
                        queue: vec![],
                    }
                    .run(&listener)
                });
                exit(result.is_err() as i32)
            }
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        let killed = kill(self.pid, Signal::SIGTERM);
        let waited = waitpid(self.pid, None);
        let removed = fs::remove_file(&self.path);
        killed?;
        waited?;
        removed
    }
}

pub struct Client {
    stream: UnixStream,
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "refused by the server")
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let mut client = Client { stream: UnixStream::connect(path)? };
        client.exchange(key)?;
        Ok(client)
    }

    fn exchange(&mut self, payload: &[u8]) -> io::Result<Vec<u8>> {
        self.stream.write_all(&frame(payload))?;
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut answer = vec![0; u32::from_le_bytes(length) as usize];
        self.stream.read_exact(&mut answer)?;
        if answer.first() != Some(&1) {
            return Err(refused());
        }
        Ok(answer.split_off(1))
    }

    fn ask(&mut self, question: Question) -> io::Result<Vec<u8>> {
        self.exchange(&question.encode())
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.ask(Question::Set(name.into(), value.to_bits())).map(drop)
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let answer = self.ask(Question::Get(name.into()))?;
        Ok(answer.first_chunk().map(|bytes| f64::from_le_bytes(*bytes)))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(Question::Push(item)).map(drop)
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        self.ask(Question::Replace(index as u64, item)).map(drop)
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        let answer = self.ask(Question::List)?;
        Ok(answer
            .chunks_exact(8)
            .map(|item| i64::from_le_bytes(item.try_into().unwrap()))
            .collect())
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.ask(Question::Acquire).map(drop)
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        Ok(self.ask(Question::TryAcquire)? == [1])
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.ask(Question::Release).map(drop)
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let mut change = || {
            let item = self.ask(Question::Item(index as u64))?;
            let item = i64::from_le_bytes(*item.first_chunk().ok_or_else(refused)?);
            self.replace(index, next(item))
        };
        let changed = change();
        self.release()?;
        changed
    }
}
