use std::collections::{HashMap, VecDeque};
use std::fs::remove_file;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

type Who = u64;

enum What {
    Set(Vec<u8>, u64),
    Get(Vec<u8>),
    Push(i64),
    Replace(usize, i64),
    Item(usize),
    List,
    Acquire,
    TryAcquire,
    Release,
    Gone,
}

/// An empty answer is an error.
type Answer = Option<Vec<u64>>;

struct Event {
    who: Who,
    what: What,
    answer: Sender<Answer>,
}

fn own(events: Receiver<Event>) {
    let mut dict: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut list: Vec<i64> = Vec::new();
    let mut holder: Option<Who> = None;
    let mut queue: VecDeque<(Who, Sender<Answer>)> = VecDeque::new();
    for Event { who, what, answer } in events {
        let done: Answer = match what {
            What::Set(name, bits) => {
                dict.insert(name, bits);
                Some(vec![])
            }
            What::Get(name) => Some(dict.get(&name).copied().into_iter().collect()),
            What::Push(item) => {
                list.push(item);
                Some(vec![])
            }
            What::Replace(index, item) => list.get_mut(index).map(|place| {
                *place = item;
                vec![]
            }),
            What::Item(index) => list.get(index).map(|&item| vec![item as u64]),
            What::List => Some(list.iter().map(|&item| item as u64).collect()),
            What::Acquire if holder.is_none() => {
                holder = Some(who);
                Some(vec![])
            }
            What::Acquire => {
                queue.push_back((who, answer));
                continue;
            }
            What::TryAcquire => {
                let free = holder.is_none();
                if free {
                    holder = Some(who);
                }
                Some(vec![u64::from(free)])
            }
            What::Release | What::Gone => {
                queue.retain(|(waiting, _)| *waiting != who);
                let held = holder == Some(who);
                if held {
                    holder = None;
                    while let Some((next, waiting)) = queue.pop_front() {
                        // Its thread hears it, and says so if its client has gone.
                        if waiting.send(Some(vec![])).is_ok() {
                            holder = Some(next);
                            break;
                        }
                    }
                }
                held.then(Vec::new)
            }
        };
        let _ = answer.send(done);
    }
}

struct Wire(UnixStream);

impl Wire {
    fn send(&mut self, kind: u8, numbers: &[u64], text: &[u8]) -> io::Result<()> {
        let mut bytes = vec![kind];
        bytes.extend((numbers.len() as u32).to_be_bytes());
        bytes.extend((text.len() as u32).to_be_bytes());
        numbers.iter().for_each(|number| bytes.extend(number.to_be_bytes()));
        bytes.extend(text);
        self.0.write_all(&bytes)
    }

    fn receive(
        &mut self,
        most_numbers: usize,
        most_text: usize,
    ) -> io::Result<(u8, Vec<u64>, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head)?;
        let count = u32::from_be_bytes(head[1..5].try_into().unwrap()) as usize;
        let length = u32::from_be_bytes(head[5..].try_into().unwrap()) as usize;
        if count > most_numbers || length > most_text {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut numbers = vec![0; 8 * count];
        self.0.read_exact(&mut numbers)?;
        let mut text = vec![0; length];
        self.0.read_exact(&mut text)?;
        let numbers =
            numbers.chunks(8).map(|eight| u64::from_be_bytes(eight.try_into().unwrap())).collect();
        Ok((head[0], numbers, text))
    }
}

fn question(kind: u8, numbers: &[u64], text: Vec<u8>) -> Option<What> {
    Some(match (kind, numbers) {
        (1, &[bits]) => What::Set(text, bits),
        (2, []) => What::Get(text),
        (3, &[item]) => What::Push(item as i64),
        (4, &[index, item]) => What::Replace(index as usize, item as i64),
        (5, &[index]) => What::Item(index as usize),
        (6, []) => What::List,
        (7, []) => What::Acquire,
        (8, []) => What::TryAcquire,
        (9, []) => What::Release,
        _ => return None,
    })
}

fn attend(who: Who, mut wire: Wire, key: &[u8], events: &Sender<Event>) -> io::Result<()> {
    let (kind, _, text) = wire.receive(0, key.len())?;
    if kind != 0 || text != key {
        return wire.send(0, &[], b"");
    }
    wire.send(1, &[], b"")?;
    loop {
        let (kind, numbers, text) = wire.receive(2, 1000)?;
        let Some(what) = question(kind, &numbers, text) else { return Ok(()) };
        let (answer, answered) = channel();
        events.send(Event { who, what, answer }).map_err(io::Error::other)?;
        match answered.recv().map_err(io::Error::other)? {
            Some(numbers) => wire.send(1, &numbers, b"")?,
            None => wire.send(0, &[], b"")?,
        }
    }
}

fn serve(listener: UnixListener, key: Arc<[u8]>) -> ! {
    let (sender, events) = channel();
    thread::spawn(move || own(events));
    let mut who = 0;
    loop {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        who += 1;
        let (events, key) = (sender.clone(), key.clone());
        let _ = thread::Builder::new().spawn(move || {
            let _ = attend(who, Wire(stream), &key, &events);
            let _ = events.send(Event { who, what: What::Gone, answer: channel().0 });
        });
    }
}

pub struct Manager {
    pid: Pid,
    path: PathBuf,
    /// As long as it is open nobody else takes the address.
    _listener: UnixListener,
}

impl Manager {
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        let listener = UnixListener::bind(path)?;
        // SAFETY: the threads are started in the child
        match unsafe { fork() } {
            Ok(ForkResult::Parent { child }) => {
                Ok(Manager { pid: child, path: path.into(), _listener: listener })
            }
            Ok(ForkResult::Child) => serve(listener, key.into()),
            Err(error) => {
                remove_file(path)?;
                Err(error.into())
            }
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        let _ = kill(self.pid, Signal::SIGKILL);
        while let Err(error) = waitpid(self.pid, None) {
            if error != Errno::EINTR {
                break;
            }
        }
        if self.path.symlink_metadata().is_ok() {
            remove_file(&self.path)?;
        }
        Ok(())
    }
}

pub struct Client {
    wire: Wire,
}

impl Drop for Client {
    fn drop(&mut self) {
        // Also if another process has a copy of the socket.
        let _ = self.wire.0.shutdown(Shutdown::Both);
    }
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let mut client = Client { wire: Wire(UnixStream::connect(path)?) };
        client.ask(0, &[], key)?;
        Ok(client)
    }

    fn ask(&mut self, kind: u8, numbers: &[u64], text: &[u8]) -> io::Result<Vec<u64>> {
        self.wire.send(kind, numbers, text)?;
        match self.wire.receive(usize::MAX, 0)? {
            (1, numbers, _) => Ok(numbers),
            _ => Err(io::Error::other("the server says no")),
        }
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.ask(1, &[value.to_bits()], name.as_bytes())?;
        Ok(())
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        Ok(self.ask(2, &[], name.as_bytes())?.first().map(|&bits| f64::from_bits(bits)))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(3, &[item as u64], b"")?;
        Ok(())
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        self.ask(4, &[index as u64, item as u64], b"")?;
        Ok(())
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        Ok(self.ask(6, &[], b"")?.into_iter().map(|number| number as i64).collect())
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.ask(7, &[], b"")?;
        Ok(())
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        Ok(self.ask(8, &[], b"")? == [1])
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.ask(9, &[], b"")?;
        Ok(())
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let result = match self.ask(5, &[index as u64], b"") {
            Ok(item) => self.replace(index, next(item[0] as i64)),
            Err(error) => Err(error),
        };
        self.release()?;
        result
    }
}
