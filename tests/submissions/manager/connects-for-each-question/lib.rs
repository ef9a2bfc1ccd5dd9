use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex};
use std::{fs, process, thread, time};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

// What a connection is for.
const QUESTIONS: u8 = b'Q';
const LOCK: u8 = b'L';
const TRY: u8 = b'T';

fn read_u64(stream: &mut UnixStream) -> io::Result<u64> {
    let mut bytes = [0; 8];
    stream.read_exact(&mut bytes)?;
    Ok(u64::from_ne_bytes(bytes))
}

fn read_byte(stream: &mut UnixStream) -> io::Result<u8> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    Ok(byte[0])
}

#[derive(Default)]
struct Lock {
    queue: Mutex<(u64, VecDeque<u64>)>,
    moved: Condvar,
}

/// A place in the queue; who is first has the lock.
struct Place<'a> {
    lock: &'a Lock,
    ticket: u64,
}

impl Lock {
    fn line_up(&self) -> Place<'_> {
        let mut queue = self.queue.lock().unwrap();
        queue.0 += 1;
        let ticket = queue.0;
        queue.1.push_back(ticket);
        Place { lock: self, ticket }
    }

    fn line_up_if_empty(&self) -> Option<Place<'_>> {
        let mut queue = self.queue.lock().unwrap();
        if !queue.1.is_empty() {
            return None;
        }
        queue.0 += 1;
        let ticket = queue.0;
        queue.1.push_back(ticket);
        Some(Place { lock: self, ticket })
    }
}

impl Place<'_> {
    fn wait(&self) {
        let queue = self.lock.queue.lock().unwrap();
        let first = |queue: &mut (u64, VecDeque<u64>)| queue.1.front() != Some(&self.ticket);
        drop(self.lock.moved.wait_while(queue, first).unwrap());
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.lock.queue.lock().unwrap().1.retain(|&ticket| ticket != self.ticket);
        self.lock.moved.notify_all();
    }
}

#[derive(Default)]
struct Server {
    dict: Mutex<HashMap<Vec<u8>, u64>>,
    list: Mutex<Vec<i64>>,
    lock: Lock,
}

impl Server {
    fn welcome(&self, mut stream: UnixStream, key: &[u8]) -> io::Result<()> {
        let kind = read_byte(&mut stream)?;
        if read_u64(&mut stream)? != key.len() as u64 {
            return Ok(());
        }
        let mut shown = vec![0; key.len()];
        stream.read_exact(&mut shown)?;
        if shown != key {
            return Ok(());
        }
        match kind {
            QUESTIONS => {
                stream.write_all(&[1])?;
                self.question(&mut stream)
            }
            LOCK => {
                let place = self.lock.line_up();
                place.wait();
                self.hold(stream, place)
            }
            TRY => match self.lock.line_up_if_empty() {
                Some(place) => self.hold(stream, place),
                None => stream.write_all(&[0]),
            },
            _ => Ok(()),
        }
    }

    fn hold(&self, mut stream: UnixStream, place: Place<'_>) -> io::Result<()> {
        stream.write_all(&[1])?;
        // Until the client gives it back, or has gone.
        read_byte(&mut stream)?;
        drop(place);
        stream.write_all(&[1])
    }

    fn question(&self, stream: &mut UnixStream) -> io::Result<()> {
        let mut answer = vec![1];
        match read_byte(stream)? {
            b'?' => {}
            b's' => {
                let bits = read_u64(stream)?;
                self.dict.lock().unwrap().insert(name(stream)?, bits);
            }
            b'g' => {
                let name = name(stream)?;
                match self.dict.lock().unwrap().get(&name) {
                    Some(bits) => answer.extend([1].iter().chain(&bits.to_ne_bytes())),
                    None => answer.push(0),
                }
            }
            b'p' => {
                let item = read_u64(stream)? as i64;
                self.list.lock().unwrap().push(item);
            }
            b'r' => {
                let (index, item) = (read_u64(stream)? as usize, read_u64(stream)? as i64);
                match self.list.lock().unwrap().get_mut(index) {
                    Some(place) => *place = item,
                    None => answer[0] = 0,
                }
            }
            b'l' => {
                let list = self.list.lock().unwrap();
                answer.extend((list.len() as u64).to_ne_bytes());
                for item in list.iter() {
                    answer.extend(item.to_ne_bytes());
                }
            }
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
        stream.write_all(&answer)
    }
}

fn name(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let length = read_u64(stream)?;
    if length > 1000 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut name = vec![0; length as usize];
    stream.read_exact(&mut name)?;
    Ok(name)
}

pub struct Manager {
    server: Pid,
    path: PathBuf,
}

impl Manager {
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        let path = std::path::absolute(path)?;
        let listener = UnixListener::bind(&path)?;
        // SAFETY: one thread, so far
        match unsafe { fork() } {
            Err(error) => {
                let _ = fs::remove_file(path);
                Err(error.into())
            }
            Ok(ForkResult::Parent { child }) => Ok(Manager { server: child, path }),
            Ok(ForkResult::Child) => {
                let server = Server::default();
                thread::scope(|scope| {
                    loop {
                        match listener.accept() {
                            Ok((stream, _)) => {
                                let server = &server;
                                let _ = thread::Builder::new()
                                    .spawn_scoped(scope, move || server.welcome(stream, key));
                            }
                            Err(_) => thread::sleep(time::Duration::from_millis(10)),
                        }
                    }
                })
            }
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        let killed = kill(self.server, Signal::SIGKILL).map_err(io::Error::from);
        let waited = loop {
            match waitpid(self.server, None) {
                Ok(_) => break Ok(()),
                Err(Errno::EINTR) => continue,
                Err(error) => break Err(io::Error::from(error)),
            }
        };
        let removed = fs::remove_file(&self.path);
        killed.and(waited).and(removed)
    }
}

pub struct Client {
    lock: Option<UnixStream>,
    path: PathBuf,
    key: Vec<u8>,
}

fn call(path: &Path, key: &[u8], kind: u8) -> io::Result<(UnixStream, bool)> {
    let mut stream = UnixStream::connect(path)?;
    let mut hello = vec![kind];
    hello.extend((key.len() as u64).to_ne_bytes());
    hello.extend(key);
    stream.write_all(&hello)?;
    let yes = read_byte(&mut stream)? == 1;
    Ok((stream, yes))
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let path = std::path::absolute(path)?;
        let mut client = Client { lock: None, path, key: key.to_vec() };
        client.ask(&[b"?"])?;
        Ok(client)
    }

    /// One call for each question, as on the telephone. Gives the line on which the rest comes.
    fn ask(&mut self, parts: &[&[u8]]) -> io::Result<UnixStream> {
        let (mut line, _) = call(&self.path, &self.key, QUESTIONS)?;
        line.write_all(&parts.concat())?;
        match read_byte(&mut line)? {
            1 => Ok(line),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        let length = (name.len() as u64).to_ne_bytes();
        self.ask(&[b"s", &value.to_bits().to_ne_bytes(), &length, name.as_bytes()]).map(drop)
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let mut line = self.ask(&[b"g", &(name.len() as u64).to_ne_bytes(), name.as_bytes()])?;
        match read_byte(&mut line)? {
            0 => Ok(None),
            _ => Ok(Some(f64::from_bits(read_u64(&mut line)?))),
        }
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(&[b"p", &item.to_ne_bytes()]).map(drop)
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        self.ask(&[b"r", &(index as u64).to_ne_bytes(), &item.to_ne_bytes()]).map(drop)
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        let mut line = self.ask(&[b"l"])?;
        let count = read_u64(&mut line)? as usize;
        let mut bytes = vec![0; 8 * count];
        line.read_exact(&mut bytes)?;
        Ok(bytes.chunks(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap())).collect())
    }

    fn lock(&mut self, kind: u8) -> io::Result<bool> {
        let (stream, mine) = call(&self.path, &self.key, kind)?;
        if mine {
            self.lock = Some(stream);
        }
        Ok(mine)
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.lock(LOCK).map(drop)
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        self.lock(TRY)
    }

    pub fn release(&mut self) -> io::Result<()> {
        let mut lock = self.lock.take().ok_or(io::ErrorKind::NotConnected)?;
        lock.write_all(&[1])?;
        read_byte(&mut lock).map(drop)
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let done = match self.list() {
            Ok(list) => match list.get(index) {
                Some(&item) => self.replace(index, next(item)),
                None => Err(io::ErrorKind::NotFound.into()),
            },
            Err(error) => Err(error),
        };
        let released = self.release();
        done.and(released)
    }
}
