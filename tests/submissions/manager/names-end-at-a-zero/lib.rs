use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// A name of a hundred bytes, and its end.
const FIELD: usize = 101;

fn send(mut stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    let mut message = (bytes.len() as u64).to_ne_bytes().to_vec();
    message.extend_from_slice(bytes);
    stream.write_all(&message)
}

fn receive(mut stream: &UnixStream, bound: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    stream.read_exact(&mut length)?;
    let length = u64::from_ne_bytes(length) as usize;
    if length > bound {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "message too long"));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn pack_name(name: &str) -> Vec<u8> {
    let mut field = [0; FIELD];
    field[..name.len()].copy_from_slice(name.as_bytes());
    field.to_vec()
}

fn unpack_name(field: &[u8]) -> Vec<u8> {
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    field[..end].to_vec()
}

#[derive(Default)]
struct State {
    dict: HashMap<Vec<u8>, f64>,
    list: Vec<i64>,
    holder: Option<u64>,
}

struct Server {
    key: Vec<u8>,
    state: Mutex<State>,
    free: Condvar,
}

impl Server {
    fn handshake(&self, stream: &UnixStream) -> io::Result<()> {
        if receive(stream, 1000)? == self.key {
            send(stream, b"welcome")
        } else {
            send(stream, b"")?;
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    fn serve(&self, me: u64, stream: &UnixStream) -> io::Result<()> {
        loop {
            let question = receive(stream, 200)?;
            if question.len() < 17 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let a: [u8; 8] = question[1..9].try_into().unwrap();
            let b: [u8; 8] = question[9..17].try_into().unwrap();
            let name = unpack_name(&question[17..]);
            let mut state = self.state.lock().unwrap();
            // first byte 1: fine, 0: refused
            let mut answer = vec![1];
            match question[0] {
                b's' => {
                    state.dict.insert(name, f64::from_ne_bytes(a));
                }
                b'g' => {
                    if let Some(value) = state.dict.get(&name) {
                        answer.extend(value.to_ne_bytes());
                    }
                }
                b'p' => state.list.push(i64::from_ne_bytes(a)),
                b'r' => match state.list.get_mut(usize::from_ne_bytes(a)) {
                    Some(item) => *item = i64::from_ne_bytes(b),
                    None => answer[0] = 0,
                },
                b'l' => {
                    for item in &state.list {
                        answer.extend(item.to_ne_bytes());
                    }
                }
                b'a' => {
                    while state.holder.is_some() {
                        state = self.free.wait(state).unwrap();
                    }
                    state.holder = Some(me);
                }
                b't' => {
                    if state.holder.is_none() {
                        state.holder = Some(me);
                    } else {
                        answer[0] = 0;
                    }
                }
                b'f' => {
                    state.holder = None;
                    self.free.notify_one();
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
            drop(state);
            send(stream, &answer)?;
        }
    }

    fn goodbye(&self, me: u64) {
        let mut state = self.state.lock().unwrap();
        if state.holder == Some(me) {
            state.holder = None;
            self.free.notify_one();
        }
    }
}

fn run(listener: UnixListener, key: &[u8]) {
    let server =
        Arc::new(Server { key: key.to_vec(), state: Mutex::default(), free: Condvar::new() });
    let mut count = 0;
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            thread::yield_now();
            continue;
        };
        count += 1;
        let me = count;
        let server = server.clone();
        thread::spawn(move || {
            if server.handshake(&stream).is_ok() {
                let _ = server.serve(me, &stream);
                server.goodbye(me);
            }
        });
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
            ForkResult::Child => {
                run(listener, key);
                std::process::exit(0)
            }
            ForkResult::Parent { child } => Ok(Manager { pid: child, path: path.to_owned() }),
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        let _ = kill(self.pid, Signal::SIGKILL);
        while waitpid(self.pid, None) == Err(Errno::EINTR) {}
        std::fs::remove_file(self.path)
    }
}

pub struct Client {
    stream: UnixStream,
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let stream = UnixStream::connect(path)?;
        send(&stream, key)?;
        if receive(&stream, 100)?.is_empty() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the key is wrong"));
        }
        Ok(Client { stream })
    }

    fn ask(&mut self, kind: u8, a: [u8; 8], b: [u8; 8], name: &str) -> io::Result<(bool, Vec<u8>)> {
        let mut question = vec![kind];
        question.extend(a);
        question.extend(b);
        question.extend(pack_name(name));
        send(&self.stream, &question)?;
        let mut answer = receive(&self.stream, usize::MAX)?;
        if answer.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok((answer.remove(0) == 1, answer))
    }

    fn fine(&mut self, kind: u8, a: [u8; 8], b: [u8; 8], name: &str) -> io::Result<bool> {
        Ok(self.ask(kind, a, b, name)?.0)
    }

    fn must(&mut self, kind: u8, a: [u8; 8], b: [u8; 8], name: &str) -> io::Result<()> {
        match self.fine(kind, a, b, name)? {
            true => Ok(()),
            false => Err(io::Error::other("refused")),
        }
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.must(b's', value.to_ne_bytes(), [0; 8], name)
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let (_, bytes) = self.ask(b'g', [0; 8], [0; 8], name)?;
        Ok(bytes.try_into().ok().map(f64::from_ne_bytes))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.must(b'p', item.to_ne_bytes(), [0; 8], "")
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        self.must(b'r', index.to_ne_bytes(), item.to_ne_bytes(), "")
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        let (_, bytes) = self.ask(b'l', [0; 8], [0; 8], "")?;
        Ok(bytes.chunks_exact(8).map(|word| i64::from_ne_bytes(word.try_into().unwrap())).collect())
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.must(b'a', [0; 8], [0; 8], "")
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        self.fine(b't', [0; 8], [0; 8], "")
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.must(b'f', [0; 8], [0; 8], "")
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let result = self.list().and_then(|list| match list.get(index) {
            Some(&item) => self.replace(index, next(item)),
            None => Err(io::Error::from(io::ErrorKind::InvalidInput)),
        });
        self.release()?;
        result
    }
}
