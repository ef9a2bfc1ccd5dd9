//! A server process with a thread for each client.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

const LARGEST: usize = 1 << 20;

pub struct Manager {
    path: PathBuf,
    key: Vec<u8>,
    server: Pid,
}

impl Manager {
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        let listener = UnixListener::bind(path)?;
        // SAFETY: the process has one thread, so the child may do whatever the parent may. The
        // threads of the server are started behind the fork.
        match unsafe { fork() }? {
            ForkResult::Child => serve(&listener, path, key),
            ForkResult::Parent { child } => {
                Ok(Manager { path: path.to_owned(), key: key.to_owned(), server: child })
            }
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        let client = Client::connect(&self.path, &self.key);
        let asked = client.and_then(|mut client| client.ask(b'E', &[], ""));
        waitpid(self.server, None)?;
        if asked.is_err() {
            // It was killed, and its file is still there.
            let _ = fs::remove_file(&self.path);
        }
        Ok(())
    }
}

#[derive(Default)]
struct State {
    dict: HashMap<String, f64>,
    list: Vec<i64>,
    holder: Option<usize>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    released: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(listener: &UnixListener, path: &Path, key: &[u8]) -> ! {
    let shared = Arc::new(Shared::default());
    for (number, stream) in listener.incoming().enumerate() {
        let Ok(mut stream) = stream else { continue };
        let (shared, path, key) = (Arc::clone(&shared), path.to_owned(), key.to_owned());
        thread::spawn(move || {
            let _ = attend(&mut stream, number, &shared, &path, &key);
            let mut state = shared.lock();
            if state.holder == Some(number) {
                state.holder = None;
                shared.released.notify_one();
            }
        });
    }
    unreachable!("a listener never runs out of connections")
}

fn attend(
    stream: &mut UnixStream,
    number: usize,
    shared: &Shared,
    path: &Path,
    key: &[u8],
) -> io::Result<()> {
    if receive(stream)? != key {
        return send(stream, b"no");
    }
    send(stream, b"yes")?;
    loop {
        let question = receive(stream)?;
        if question == b"E" {
            fs::remove_file(path)?;
            send(stream, &[])?;
            exit(0)
        }
        let answer = answer(&question, number, shared).ok_or(ErrorKind::InvalidData)?;
        send(stream, &to_bytes(&answer))?;
    }
}

fn answer(question: &[u8], client: usize, shared: &Shared) -> Option<Vec<u64>> {
    let (kind, mut rest) = question.split_first()?;
    let mut number = || {
        let (first, others) = rest.split_first_chunk()?;
        rest = others;
        Some(u64::from_ne_bytes(*first))
    };
    let mut state = shared.lock();
    Some(match kind {
        b'S' => {
            let value = f64::from_bits(number()?);
            state.dict.insert(String::from_utf8(rest.to_vec()).ok()?, value);
            vec![]
        }
        b'G' => {
            let value = state.dict.get(std::str::from_utf8(rest).ok()?);
            value.iter().map(|value| value.to_bits()).collect()
        }
        b'P' => {
            state.list.push(number()?.cast_signed());
            vec![]
        }
        b'R' => match state.list.get_mut(usize::try_from(number()?).ok()?) {
            Some(item) => {
                *item = number()?.cast_signed();
                vec![1]
            }
            None => vec![0],
        },
        b'L' => state.list.iter().map(|item| item.cast_unsigned()).collect(),
        b'A' => {
            while state.holder.is_some() {
                state = shared.released.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.holder = Some(client);
            vec![]
        }
        b'T' => {
            let free = state.holder.is_none();
            if free {
                state.holder = Some(client);
            }
            vec![u64::from(free)]
        }
        b'F' => {
            state.holder = None;
            shared.released.notify_one();
            vec![]
        }
        _ => return None,
    })
}

pub struct Client {
    stream: UnixStream,
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let mut stream = UnixStream::connect(path)?;
        send(&mut stream, key)?;
        match receive(&mut stream)?.as_slice() {
            b"yes" => Ok(Client { stream }),
            _ => Err(ErrorKind::PermissionDenied.into()),
        }
    }

    fn ask(&mut self, kind: u8, numbers: &[u64], name: &str) -> io::Result<Vec<u64>> {
        let question = [&[kind][..], &to_bytes(numbers), name.as_bytes()].concat();
        send(&mut self.stream, &question)?;
        let answer = receive(&mut self.stream)?;
        let number =
            |bytes: &[u8]| Ok(u64::from_ne_bytes(bytes.try_into().map_err(io::Error::other)?));
        answer.chunks(8).map(number).collect()
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.ask(b'S', &[value.to_bits()], name).map(drop)
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        Ok(self.ask(b'G', &[], name)?.first().map(|bits| f64::from_bits(*bits)))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(b'P', &[item.cast_unsigned()], "").map(drop)
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        match self.ask(b'R', &[index as u64, item.cast_unsigned()], "")?.as_slice() {
            [1] => Ok(()),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        Ok(self.ask(b'L', &[], "")?.into_iter().map(u64::cast_signed).collect())
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.ask(b'A', &[], "").map(drop)
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        Ok(self.ask(b'T', &[], "")? == [1])
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.ask(b'F', &[], "").map(drop)
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        self.update_alone(index, next)?;
        self.release()
    }

    fn update_alone(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        let item = *self.list()?.get(index).ok_or(ErrorKind::NotFound)?;
        self.replace(index, next(item))
    }
}

fn to_bytes(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_ne_bytes()).collect()
}

fn send(stream: &mut UnixStream, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&length.to_ne_bytes())?;
    stream.write_all(bytes)
}

fn receive(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_ne_bytes(length) as usize;
    if length > LARGEST {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}
