//! A server process with a thread for each client.
//!
//! Question and answer are frames: a length in four bytes, then that many bytes. A question
//! is a letter, then numbers of eight bytes, then perhaps a name. An answer is numbers.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// What a question may have at the most: strangers may write any length.
const LARGEST: usize = 1 << 20;

/// What an answer may have at the most, which the server is trusted to keep to.
const ANY: usize = u32::MAX as usize;

/// A server process, and what is needed to end it.
pub struct Manager {
    path: PathBuf,
    server: Pid,
}

impl Manager {
    /// Forks a server that is reached by a Unix stream socket at `path`.
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        // Before the fork, so that whoever connects from now on is not too early.
        let listener = UnixListener::bind(path)?;
        // SAFETY: the process has one thread, so the child may do whatever the parent may. The
        // threads of the server are started after the fork.
        match unsafe { fork() }? {
            ForkResult::Child => serve(&listener, key),
            ForkResult::Parent { child } => Ok(Manager { path: path.to_owned(), server: child }),
        }
    }

    /// Ends the server, waits for it, and removes the socket file.
    pub fn shutdown(self) -> io::Result<()> {
        // It keeps nothing that would have to be put away, and hears a signal whoever is connected.
        // It has not been waited for, so the number is still its own.
        kill(self.server, Signal::SIGKILL)?;
        waitpid(self.server, None)?;
        match fs::remove_file(&self.path) {
            // Somebody was quicker.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }
}

/// What the server keeps.
#[derive(Default)]
struct State {
    dict: HashMap<String, f64>,
    list: Vec<i64>,
    /// The number of the client that holds the lock.
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

fn serve(listener: &UnixListener, key: &[u8]) -> ! {
    let shared = Arc::new(Shared::default());
    listener.set_nonblocking(true).expect("a listener can be asked for that");
    let mut number = 0;
    loop {
        let Ok((mut stream, _)) = listener.accept() else {
            thread::yield_now();
            continue;
        };
        number += 1;
        let (shared, key) = (Arc::clone(&shared), key.to_owned());
        thread::spawn(move || {
            // Its end, whatever the reason, is the end of this client.
            let _ = attend(&mut stream, number, &shared, &key);
            let mut state = shared.lock();
            if state.holder == Some(number) {
                state.holder = None;
                shared.released.notify_one();
            }
        });
    }
}

fn attend(stream: &mut UnixStream, number: usize, shared: &Shared, key: &[u8]) -> io::Result<()> {
    if receive(stream, LARGEST)? != key {
        return send(stream, b"no");
    }
    send(stream, b"yes")?;
    loop {
        let question = receive(stream, LARGEST)?;
        let answer = answer(&question, number, shared).ok_or(ErrorKind::InvalidData)?;
        send(stream, &to_bytes(&answer))?;
    }
}

/// The numbers that answer a question; none if it is no question.
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
            // Only this client's thread sleeps here.
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

/// A connection to the server: a proxy for what it keeps.
///
/// Once the server has ended every call is an error.
pub struct Client {
    stream: UnixStream,
}

impl Client {
    /// Connects to the server at `path`; an error if it does not accept the key.
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let mut stream = UnixStream::connect(path)?;
        send(&mut stream, key)?;
        match receive(&mut stream, ANY)?.as_slice() {
            b"yes" => Ok(Client { stream }),
            _ => Err(ErrorKind::PermissionDenied.into()),
        }
    }

    /// Sends one question and waits for its answer.
    fn ask(&mut self, kind: u8, numbers: &[u64], name: &str) -> io::Result<Vec<u64>> {
        let question = [&[kind][..], &to_bytes(numbers), name.as_bytes()].concat();
        send(&mut self.stream, &question)?;
        let answer = receive(&mut self.stream, ANY)?;
        let number =
            |bytes: &[u8]| Ok(u64::from_ne_bytes(bytes.try_into().map_err(io::Error::other)?));
        answer.chunks(8).map(number).collect()
    }

    /// Sets the value of `name` in the dict.
    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.ask(b'S', &[value.to_bits()], name).map(drop)
    }

    /// The value of `name` in the dict; `None` if it has none.
    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        Ok(self.ask(b'G', &[], name)?.first().map(|bits| f64::from_bits(*bits)))
    }

    /// Adds `item` at the end of the list.
    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(b'P', &[item.cast_unsigned()], "").map(drop)
    }

    /// Replaces the item at `index` of the list; an error if there is none.
    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        match self.ask(b'R', &[index as u64, item.cast_unsigned()], "")?.as_slice() {
            [1] => Ok(()),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    /// The list.
    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        Ok(self.ask(b'L', &[], "")?.into_iter().map(u64::cast_signed).collect())
    }

    /// Takes the lock; waits while another client holds it. It keeps nobody from the dict and
    /// the list.
    pub fn acquire(&mut self) -> io::Result<()> {
        self.ask(b'A', &[], "").map(drop)
    }

    /// Takes the lock if no other client holds it, and says at once whether it did.
    pub fn try_acquire(&mut self) -> io::Result<bool> {
        Ok(self.ask(b'T', &[], "")? == [1])
    }

    /// Gives the lock back.
    pub fn release(&mut self) -> io::Result<()> {
        self.ask(b'F', &[], "").map(drop)
    }

    /// Replaces the item at `index` of the list by `next` of it; an error if there is none.
    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        // Each question is answered as one step. Two of them are not one step.
        self.acquire()?;
        let done = self.update_alone(index, next);
        // After an error, too.
        self.release()?;
        done
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

fn receive(stream: &mut UnixStream, most: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_ne_bytes(length) as usize;
    if length > most {
        return Err(ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}
