use std::collections::HashMap;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

const WELCOME: u8 = b'+';
const DONE: u8 = b'.';
const REFUSED: u8 = b'?';
/// No question is longer.
const LONGEST: usize = 1024;

fn send(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let mut whole = (bytes.len() as u64).to_ne_bytes().to_vec();
    whole.extend_from_slice(bytes);
    stream.write_all(&whole)
}

fn receive(stream: &mut impl Read, longest: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 8];
    stream.read_exact(&mut length)?;
    let length = u64::from_ne_bytes(length) as usize;
    if length > longest {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn words(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap())).collect()
}

fn answer(numbers: Option<Vec<u64>>) -> Vec<u8> {
    match numbers {
        None => vec![REFUSED],
        Some(numbers) => {
            let mut bytes = vec![DONE];
            bytes.extend(numbers.into_iter().flat_map(u64::to_ne_bytes));
            bytes
        }
    }
}

/// Whoever is there knows the key.
fn is_known(stream: &mut UnixStream, key: &[u8]) -> bool {
    let mut length = [0; 8];
    if stream.read_exact(&mut length).is_err() || u64::from_ne_bytes(length) != key.len() as u64 {
        return false;
    }
    let mut shown = vec![0; key.len()];
    stream.read_exact(&mut shown).is_ok()
        && shown.iter().zip(key).fold(0, |different, (a, b)| different | (a ^ b)) == 0
        && stream.write_all(&[WELCOME]).is_ok()
}

struct Question {
    kind: u8,
    numbers: Vec<u64>,
    name: String,
}

impl Question {
    fn of(bytes: &[u8]) -> Option<Question> {
        let [kind, count, rest @ ..] = bytes else { return None };
        let (numbers, name) = rest.split_at_checked(8 * usize::from(*count))?;
        let name = String::from_utf8(name.to_vec()).ok()?;
        Some(Question { kind: *kind, numbers: words(numbers), name })
    }
}

#[derive(Default)]
struct Store {
    dict: HashMap<String, u64>,
    list: Vec<u64>,
}

impl Store {
    /// Everything but the lock; `None` if it cannot be.
    fn apply(&mut self, question: Question) -> Option<Vec<u64>> {
        match (question.kind, &question.numbers[..]) {
            (b's', &[value]) => {
                self.dict.insert(question.name, value);
                Some(vec![])
            }
            (b'g', []) => {
                let nothing = f64::NAN.to_bits();
                Some(vec![self.dict.get(&question.name).copied().unwrap_or(nothing)])
            }
            (b'p', &[item]) => {
                self.list.push(item);
                Some(vec![])
            }
            (b'r', &[index, item]) => {
                *self.list.get_mut(usize::try_from(index).ok()?)? = item;
                Some(vec![])
            }
            (b'i', &[index]) => Some(vec![*self.list.get(usize::try_from(index).ok()?)?]),
            (b'l', []) => Some(self.list.clone()),
            _ => None,
        }
    }
}

pub struct Manager {
    server: Pid,
    path: PathBuf,
}

impl Manager {
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        let listener = UnixListener::bind(path)?;
        // SAFETY: there is one thread.
        match unsafe { fork() } {
            Ok(ForkResult::Parent { child }) => {
                Ok(Manager { server: child, path: path.to_owned() })
            }
            Ok(ForkResult::Child) => {
                let serving = AssertUnwindSafe(|| serve(listener, key));
                let _ = catch_unwind(serving);
                exit(1)
            }
            Err(error) => {
                let _ = fs::remove_file(path);
                Err(error.into())
            }
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        let killed = kill(self.server, Signal::SIGKILL);
        while waitpid(self.server, None) == Err(Errno::EINTR) {}
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(killed?),
        }
    }
}

#[derive(Default)]
struct Inside {
    store: Store,
    /// Number of the client that holds the lock.
    holder: Option<u64>,
}

type Shared = Arc<(Mutex<Inside>, Condvar)>;

fn serve(listener: UnixListener, key: &[u8]) {
    let shared = Shared::default();
    for number in 0.. {
        let Ok((mut stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(1)); // no descriptors left, perhaps
            continue;
        };
        let (shared, key) = (Arc::clone(&shared), key.to_vec());
        // Without a thread this client is not served; it sees that the connection ends.
        let _ = thread::Builder::new().spawn(move || {
            if is_known(&mut stream, &key) {
                let client = Session { number, stream, shared };
                client.talk();
            }
        });
    }
}

struct Session {
    number: u64,
    stream: UnixStream,
    shared: Shared,
}

impl Session {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.shared.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn talk(mut self) {
        while let Ok(bytes) = receive(&mut self.stream, LONGEST) {
            let Some(question) = Question::of(&bytes) else { return };
            let numbers = self.numbers(question);
            if send(&mut self.stream, &answer(numbers)).is_err() {
                return;
            }
        }
    }

    fn numbers(&self, question: Question) -> Option<Vec<u64>> {
        let mut inside = self.inside();
        match question.kind {
            b'a' => {
                while inside.holder.is_some() {
                    inside = self.shared.1.wait(inside).unwrap();
                }
                inside.holder = Some(self.number);
                Some(vec![])
            }
            b't' => {
                let free = inside.holder.is_none();
                if free {
                    inside.holder = Some(self.number);
                }
                Some(vec![free.into()])
            }
            b'f' => {
                drop(inside);
                self.let_go().then(Vec::new)
            }
            _ => inside.store.apply(question),
        }
    }

    /// Whether there was anything to be let go.
    fn let_go(&self) -> bool {
        let mut inside = self.inside();
        let held = inside.holder == Some(self.number);
        if held {
            inside.holder = None;
            self.shared.1.notify_one();
        }
        held
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.let_go();
    }
}

pub struct Client {
    stream: UnixStream,
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let mut stream = UnixStream::connect(path)?;
        let mut hello = (key.len() as u64).to_ne_bytes().to_vec();
        hello.extend_from_slice(key);
        stream.write_all(&hello)?;
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        match answer {
            [WELCOME] => Ok(Client { stream }),
            _ => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    fn ask(&mut self, kind: u8, numbers: &[u64], name: &str) -> io::Result<Vec<u64>> {
        let mut question = vec![kind, numbers.len() as u8];
        question.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
        question.extend_from_slice(name.as_bytes());
        send(&mut self.stream, &question)?;
        let answer = receive(&mut self.stream, usize::MAX)?;
        match answer.split_first() {
            Some((&DONE, numbers)) => Ok(words(numbers)),
            _ => Err(io::Error::other("the server says no")),
        }
    }

    fn ask_for_one(&mut self, kind: u8, numbers: &[u64]) -> io::Result<u64> {
        let answer = self.ask(kind, numbers, "")?;
        answer.first().copied().ok_or(io::ErrorKind::InvalidData.into())
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.ask(b's', &[value.to_bits()], name).map(drop)
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let answer = self.ask(b'g', &[], name)?;
        let value = answer.first().copied().map(f64::from_bits);
        // Not a number: nothing.
        Ok(value.filter(|value| !value.is_nan()))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(b'p', &[item as u64], "").map(drop)
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        self.ask(b'r', &[index as u64, item as u64], "").map(drop)
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        Ok(self.ask(b'l', &[], "")?.into_iter().map(|item| item as i64).collect())
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.ask(b'a', &[], "").map(drop)
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        Ok(self.ask_for_one(b't', &[])? == 1)
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.ask(b'f', &[], "").map(drop)
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let done = self
            .ask_for_one(b'i', &[index as u64])
            .and_then(|item| self.replace(index, next(item as i64)));
        let released = self.release();
        done.and(released)
    }
}
