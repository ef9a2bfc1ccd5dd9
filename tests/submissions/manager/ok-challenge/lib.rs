use std::collections::{HashMap, VecDeque};
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::exit;
use std::sync::{Mutex, mpsc};
use std::thread;

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

mod sha256 {
    /// The first 32 bits of the fraction of the cube (square) root of a prime, in integers.
    fn fraction(prime: u128, cube: bool) -> u32 {
        // the largest x with x^k <= prime * 2^(32 k)
        let (mut low, mut high) = (0u128, 1u128 << 36);
        while high - low > 1 {
            let middle = (low + high) / 2;
            let fits = match cube {
                // x^3 <= p 2^96 without leaving 128 bits: x < 2^36 gives x^3 < 2^108
                true => middle * middle * middle <= prime << 96,
                false => middle * middle <= prime << 64,
            };
            if fits { low = middle } else { high = middle }
        }
        low as u32
    }

    pub fn digest(message: &[u8]) -> [u8; 32] {
        let primes: Vec<u128> =
            (2u128..312).filter(|n| (2..*n).all(|d| n % d != 0)).take(64).collect();
        let k: Vec<u32> = primes.iter().map(|&p| fraction(p, true)).collect();
        let mut h: Vec<u32> = primes[..8].iter().map(|&p| fraction(p, false)).collect();
        let mut padded = message.to_vec();
        padded.push(0x80);
        while padded.len() % 64 != 56 {
            padded.push(0);
        }
        padded.extend((message.len() as u64 * 8).to_be_bytes());
        for block in padded.chunks(64) {
            let mut w: Vec<u32> =
                block.chunks(4).map(|b| u32::from_be_bytes(b.try_into().unwrap())).collect();
            for i in 16..64 {
                let (a, b) = (w[i - 15], w[i - 2]);
                let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
                let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
                w.push(w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1));
            }
            let mut v = h.clone();
            for i in 0..64 {
                let e = v[4];
                let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
                let choice = (e & v[5]) ^ (!e & v[6]);
                let t1 = v[7]
                    .wrapping_add(s1)
                    .wrapping_add(choice)
                    .wrapping_add(k[i])
                    .wrapping_add(w[i]);
                let a = v[0];
                let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
                let t2 = s0.wrapping_add((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
                v.rotate_right(1);
                v[4] = v[4].wrapping_add(t1);
                v[0] = t1.wrapping_add(t2);
            }
            h.iter_mut().zip(v).for_each(|(h, v)| *h = h.wrapping_add(v));
        }
        h.into_iter().flat_map(u32::to_be_bytes).collect::<Vec<u8>>().try_into().unwrap()
    }
}

/// What only those can say who know the key. The key is hashed first: no padding makes two alike.
fn proof(challenge: &[u8], key: &[u8]) -> [u8; 32] {
    sha256::digest(&[&sha256::digest(key)[..], challenge].concat())
}

/// Whoever is there knows the key: it answers a challenge that nobody has seen before.
fn is_known(stream: &mut UnixStream, key: &[u8]) -> bool {
    let mut challenge = [0; 32];
    let dice = fs::File::open("/dev/urandom").and_then(|mut dice| dice.read_exact(&mut challenge));
    let mut shown = [0; 32];
    dice.is_ok()
        && stream.write_all(&challenge).is_ok()
        && stream.read_exact(&mut shown).is_ok()
        && shown == proof(&challenge, key)
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
            (b'g', []) => Some(self.dict.get(&question.name).copied().into_iter().collect()),
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

/// One for each waiter: the lock is handed over by name, in the order of asking.
#[derive(Default)]
struct Line {
    held: bool,
    waiting: VecDeque<mpsc::Sender<()>>,
}

#[derive(Default)]
struct House {
    store: Mutex<Store>,
    line: Mutex<Line>,
}

impl House {
    fn enter(&self) {
        let mut line = self.line.lock().unwrap();
        if !line.held {
            line.held = true;
            return;
        }
        let (called, call) = mpsc::channel();
        line.waiting.push_back(called);
        drop(line);
        call.recv().expect("the line lives as long as the server");
    }

    fn try_enter(&self) -> bool {
        !std::mem::replace(&mut self.line.lock().unwrap().held, true)
    }

    fn leave(&self) {
        let mut line = self.line.lock().unwrap();
        while let Some(next) = line.waiting.pop_front() {
            if next.send(()).is_ok() {
                return; // still held, by another
            }
        }
        line.held = false;
    }

    /// Answers until the client is gone; `inside` says whether it holds the lock then.
    fn entertain(&self, stream: &mut UnixStream, inside: &mut bool) -> io::Result<()> {
        loop {
            let bytes = receive(stream, LONGEST)?;
            let question = Question::of(&bytes).ok_or(io::ErrorKind::InvalidData)?;
            let numbers = match question.kind {
                b'a' if !*inside => {
                    self.enter();
                    *inside = true;
                    Some(vec![])
                }
                b't' => {
                    let got = !*inside && self.try_enter();
                    *inside |= got;
                    Some(vec![u64::from(got)])
                }
                b'f' if *inside => {
                    *inside = false;
                    self.leave();
                    Some(vec![])
                }
                _ => self.store.lock().unwrap().apply(question),
            };
            send(stream, &answer(numbers))?;
        }
    }
}

fn serve(listener: UnixListener, key: &[u8]) {
    let house = House::default();
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let house = &house;
            let _ = thread::Builder::new().spawn_scoped(scope, move || {
                if is_known(&mut stream, key) {
                    let mut inside = false;
                    let _ = house.entertain(&mut stream, &mut inside);
                    if inside {
                        house.leave();
                    }
                }
            });
        }
    });
}

pub struct Client {
    stream: UnixStream,
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let mut stream = UnixStream::connect(path)?;
        let mut challenge = [0; 32];
        stream.read_exact(&mut challenge)?;
        stream.write_all(&proof(&challenge, key))?;
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
        Ok(self.ask(b'g', &[], name)?.first().copied().map(f64::from_bits))
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
