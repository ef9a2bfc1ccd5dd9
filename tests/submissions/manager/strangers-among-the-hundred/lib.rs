use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// The server serves a hundred clients at the same time.
const MOST: usize = 100;
const LARGEST: usize = 1_000_000;

fn send(mut stream: &UnixStream, bytes: &[u8]) -> io::Result<()> {
    let mut message = (bytes.len() as u32).to_ne_bytes().to_vec();
    message.extend_from_slice(bytes);
    stream.write_all(&message)
}

fn receive(mut stream: &UnixStream, most: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_ne_bytes(length) as usize;
    if length > most {
        return Err(io::Error::other("too long"));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[derive(Default)]
struct State {
    dict: HashMap<Vec<u8>, [u8; 8]>,
    list: Vec<[u8; 8]>,
    holder: Option<usize>,
}

struct Server {
    state: Mutex<State>,
    free: Condvar,
    connections: AtomicUsize,
    key: Vec<u8>,
}

/// One connection; gone when dropped.
struct Connection<'a> {
    server: &'a Server,
    number: usize,
    stream: UnixStream,
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        let mut state = self.server.state.lock().unwrap();
        if state.holder == Some(self.number) {
            state.holder = None;
            self.server.free.notify_all();
        }
        drop(state);
        self.server.connections.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Connection<'_> {
    fn serve(&self) -> io::Result<()> {
        if receive(&self.stream, 1000)? != self.server.key {
            return Ok(());
        }
        send(&self.stream, b"+")?;
        loop {
            let question = receive(&self.stream, 200)?;
            let Some(answer) = self.answer(&question) else { return Ok(()) };
            send(&self.stream, &answer)?;
        }
    }

    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let (&kind, rest) = question.split_first()?;
        let mut state = self.server.state.lock().unwrap();
        let number = |at: usize| -> Option<[u8; 8]> { rest.get(at..at + 8)?.try_into().ok() };
        let index = || Some(u64::from_ne_bytes(number(0)?) as usize);
        let mut answer = vec![b'+'];
        match kind {
            b's' => drop(state.dict.insert(rest[8..].to_vec(), number(0)?)),
            b'g' => answer.extend(state.dict.get(rest).into_iter().flatten()),
            b'p' => state.list.push(number(0)?),
            b'r' => match state.list.get_mut(index()?) {
                Some(item) => *item = number(8)?,
                None => answer[0] = b'-',
            },
            b'i' => match state.list.get(index()?) {
                Some(item) => answer.extend(item),
                None => answer[0] = b'-',
            },
            b'l' => answer.extend(state.list.iter().flatten()),
            b'a' => {
                while state.holder.is_some() {
                    state = self.server.free.wait(state).unwrap();
                }
                state.holder = Some(self.number);
            }
            b't' => {
                if state.holder.is_none() {
                    state.holder = Some(self.number);
                    answer.push(1);
                }
            }
            b'f' => {
                state.holder = None;
                self.server.free.notify_one();
            }
            _ => return None,
        }
        Some(answer)
    }
}

fn run(listener: UnixListener, key: &[u8]) {
    let server: &'static Server = Box::leak(Box::new(Server {
        state: Mutex::default(),
        free: Condvar::new(),
        connections: AtomicUsize::new(0),
        key: key.to_vec(),
    }));
    for number in 0.. {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        if server.connections.load(Ordering::SeqCst) >= MOST {
            // full
            continue;
        }
        server.connections.fetch_add(1, Ordering::SeqCst);
        let connection = Connection { server, number, stream };
        let _ = thread::Builder::new().spawn(move || {
            let _ = connection.serve();
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
                exit(0)
            }
            ForkResult::Parent { child } => Ok(Manager { pid: child, path: path.to_path_buf() }),
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        let _ = kill(self.pid, Signal::SIGTERM);
        let waited = waitpid(self.pid, None);
        if self.path.exists() {
            fs::remove_file(&self.path)?;
        }
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
        client.ask(&[key])?;
        Ok(client)
    }

    fn ask(&mut self, parts: &[&[u8]]) -> io::Result<Vec<u8>> {
        send(&self.stream, &parts.concat())?;
        let mut answer = receive(&self.stream, LARGEST)?;
        if answer.first() != Some(&b'+') {
            return Err(io::Error::other("refused"));
        }
        answer.remove(0);
        Ok(answer)
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.ask(&[b"s", &value.to_ne_bytes(), name.as_bytes()])?;
        Ok(())
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let answer = self.ask(&[b"g", name.as_bytes()])?;
        Ok(answer.try_into().ok().map(f64::from_ne_bytes))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(&[b"p", &item.to_ne_bytes()])?;
        Ok(())
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        self.ask(&[b"r", &index.to_ne_bytes(), &item.to_ne_bytes()])?;
        Ok(())
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        let answer = self.ask(&[b"l"])?;
        Ok(answer.chunks_exact(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap())).collect())
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.ask(&[b"a"])?;
        Ok(())
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        Ok(!self.ask(&[b"t"])?.is_empty())
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.ask(&[b"f"])?;
        Ok(())
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let result = self.locked_update(index, next);
        self.release()?;
        result
    }

    fn locked_update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        let item = self.ask(&[b"i", &index.to_ne_bytes()])?;
        let item = i64::from_ne_bytes(item.try_into().map_err(|_| io::Error::other("no item"))?);
        self.replace(index, next(item))
    }
}
