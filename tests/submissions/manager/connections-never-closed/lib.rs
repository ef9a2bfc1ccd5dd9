use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, PipeWriter, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::{fs, process, thread, time};

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "what was that?")
}

/// A line without its end; an error if the other has gone, or the line is too long.
fn line(reader: &mut impl BufRead, longest: u64) -> io::Result<String> {
    let mut line = String::new();
    reader.take(longest + 1).read_line(&mut line)?;
    match line.pop() {
        Some('\n') => Ok(line),
        _ => Err(broken()),
    }
}

#[derive(Default)]
struct State {
    dict: BTreeMap<String, u64>,
    list: Vec<i64>,
    locked: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    unlocked: Condvar,
    /// To hang up on all of them at the end.
    connections: Mutex<Vec<UnixStream>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Session {
    shared: Arc<Shared>,
    holds: bool,
}

impl Session {
    fn unlock(&mut self) -> bool {
        if self.holds {
            self.holds = false;
            self.shared.state().locked = false;
            self.shared.unlocked.notify_one();
            return true;
        }
        false
    }

    fn answer(&mut self, question: &str) -> Option<String> {
        let mut words = question.split(' ');
        let kind = words.next()?;
        let mut word = || words.next();
        let bits = |text: &str| u64::from_str_radix(text, 16).ok();
        let mut state = self.shared.state();
        match kind {
            "set" => {
                let (name, value) = (word()?, bits(word()?)?);
                state.dict.insert(name.to_owned(), value);
                Some("ok".into())
            }
            "get" => match state.dict.get(word()?) {
                Some(value) => Some(format!("ok {value:x}")),
                None => Some("ok".into()),
            },
            "push" => {
                state.list.push(bits(word()?)? as i64);
                Some("ok".into())
            }
            "item" => {
                let index = bits(word()?)? as usize;
                state.list.get(index).map(|item| format!("ok {item:x}"))
            }
            "replace" => {
                let (index, item) = (bits(word()?)? as usize, bits(word()?)? as i64);
                *state.list.get_mut(index)? = item;
                Some("ok".into())
            }
            "list" => {
                let mut text = String::from("ok");
                for item in &state.list {
                    text += &format!(" {item:x}");
                }
                Some(text)
            }
            "acquire" => {
                while state.locked {
                    let waited = self.shared.unlocked.wait(state);
                    state = waited.unwrap_or_else(PoisonError::into_inner);
                }
                state.locked = true;
                drop(state);
                self.holds = true;
                Some("ok".into())
            }
            "try" => {
                let free = !state.locked;
                state.locked = true;
                drop(state);
                self.holds |= free;
                Some(format!("ok {}", free as u8))
            }
            "release" => {
                drop(state);
                self.unlock().then(|| "ok".into())
            }
            _ => None,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.unlock();
    }
}

fn converse(stream: UnixStream, key: &str, shared: Arc<Shared>) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    if line(&mut reader, key.len() as u64 + 1)? != key {
        return writer.write_all(b"no\n");
    }
    writer.write_all(b"ok\n")?;
    let mut session = Session { shared, holds: false };
    loop {
        let question = line(&mut reader, 10_000)?;
        let mut answer = session.answer(&question).unwrap_or("no".into());
        answer.push('\n');
        writer.write_all(answer.as_bytes())?;
    }
}

pub struct Manager {
    path: PathBuf,
    pid: Pid,
    end: PipeWriter,
}

impl Manager {
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        let (mut over, end) = io::pipe()?;
        let listener = UnixListener::bind(path)?;
        // SAFETY: there is one thread, and the child starts its own
        let forked = unsafe { fork() };
        match forked {
            Ok(ForkResult::Parent { child }) => {
                Ok(Manager { path: path.to_owned(), pid: child, end })
            }
            Ok(ForkResult::Child) => {
                drop(end);
                let (shared, key) = (Arc::new(Shared::default()), Arc::new(hex(key)));
                let all = shared.clone();
                thread::spawn(move || {
                    let _ = over.read(&mut [0]);
                    for connection in all.connections.lock().unwrap().iter() {
                        let _ = connection.shutdown(Shutdown::Both);
                    }
                    process::exit(0)
                });
                for stream in listener.incoming() {
                    let (shared, key) = (shared.clone(), key.clone());
                    match stream {
                        Ok(stream) => {
                            if let Ok(clone) = stream.try_clone() {
                                shared.connections.lock().unwrap().push(clone);
                            }
                            let _ = thread::Builder::new().spawn(move || {
                                let hang_up = stream.try_clone();
                                let _ = converse(stream, &key, shared);
                                if let Ok(stream) = hang_up {
                                    let _ = stream.shutdown(Shutdown::Both);
                                }
                            });
                        }
                        Err(_) => thread::sleep(time::Duration::from_millis(5)),
                    }
                }
                process::exit(0)
            }
            Err(error) => {
                fs::remove_file(path)?;
                Err(error.into())
            }
        }
    }

    pub fn shutdown(mut self) -> io::Result<()> {
        let ended = self.end.write_all(&[0]);
        let waited = loop {
            match waitpid(self.pid, None) {
                Err(Errno::EINTR) => {}
                other => break other,
            }
        };
        fs::remove_file(self.path)?;
        ended?;
        waited?;
        Ok(())
    }
}

pub struct Client {
    reader: BufReader<UnixStream>,
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let mut client = Client { reader: BufReader::new(UnixStream::connect(path)?) };
        client.ask(&hex(key))?;
        Ok(client)
    }

    fn ask(&mut self, question: &str) -> io::Result<Vec<u64>> {
        self.reader.get_mut().write_all(format!("{question}\n").as_bytes())?;
        let answer = line(&mut self.reader, u64::MAX - 1)?;
        let mut words = answer.split(' ');
        if words.next() != Some("ok") {
            return Err(io::Error::other("the server refused"));
        }
        words.map(|word| u64::from_str_radix(word, 16).map_err(|_| broken())).collect()
    }

    fn tell(&mut self, question: &str) -> io::Result<()> {
        self.ask(question).map(|_| ())
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.tell(&format!("set {} {:x}", hex(name.as_bytes()), value.to_bits()))
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let answer = self.ask(&format!("get {}", hex(name.as_bytes())))?;
        Ok(answer.into_iter().next().map(f64::from_bits))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.tell(&format!("push {item:x}"))
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        self.tell(&format!("replace {index:x} {item:x}"))
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        Ok(self.ask("list")?.into_iter().map(|item| item as i64).collect())
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.tell("acquire")
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        self.ask("try").map(|answer| answer == [1])
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.tell("release")
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let mut work = || {
            let item = *self.ask(&format!("item {index:x}"))?.first().ok_or_else(broken)?;
            self.replace(index, next(item as i64))
        };
        let worked = work();
        self.release()?;
        worked
    }
}
