use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

struct Line {
    stream: UnixStream,
    input: Vec<u8>,
    output: Vec<u8>,
    known: bool,
}

#[derive(Default)]
struct Server<'a> {
    key: &'a [u8],
    lines: BTreeMap<u64, Line>,
    dict: HashMap<Vec<u8>, [u8; 8]>,
    list: Vec<i64>,
    holder: Option<u64>,
    waiting: VecDeque<u64>,
}

const LONGEST_KEY: usize = 1000;
const LONGEST_QUESTION: usize = 1 + 16 + 100;

impl Line {
    fn say(&mut self, mark: u8, answer: &[u8]) {
        self.output.extend((answer.len() as u32 + 1).to_ne_bytes());
        self.output.push(mark);
        self.output.extend(answer);
    }

    /// Sends what can be sent now.
    fn flush(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(n) => drop(self.output.drain(..n)),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// The next whole question, if it is there.
    fn question(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(length) = self.input.first_chunk() else { return Ok(None) };
        let length = u32::from_ne_bytes(*length) as usize;
        if length > if self.known { LONGEST_QUESTION } else { LONGEST_KEY } {
            return Err(ErrorKind::InvalidData.into());
        }
        if self.input.len() < 4 + length {
            return Ok(None);
        }
        Ok(Some(self.input.drain(..4 + length).skip(4).collect()))
    }
}

impl Server<'_> {
    /// An error if this line is to be hung up.
    fn hear(&mut self, id: u64) -> io::Result<()> {
        let mut bytes = [0; 2048];
        let line = self.lines.get_mut(&id).ok_or(ErrorKind::NotFound)?;
        match line.stream.read(&mut bytes) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(n) => line.input.extend(&bytes[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(e) => return Err(e),
        }
        while let Some(question) = self.lines.get_mut(&id).map_or(Ok(None), Line::question)? {
            let line = self.lines.get_mut(&id).ok_or(ErrorKind::NotFound)?;
            if line.known {
                self.answer(id, &question);
            } else if question == self.key {
                line.known = true;
                line.say(b'+', b"");
            } else {
                return Err(ErrorKind::PermissionDenied.into());
            }
            if let Some(line) = self.lines.get_mut(&id) {
                line.flush()?;
            }
        }
        Ok(())
    }

    fn answer(&mut self, id: u64, question: &[u8]) {
        let answer = match question.split_first() {
            Some((b'a', [])) => {
                self.waiting.push_back(id);
                if self.holder.is_none() {
                    self.pass_on();
                }
                return;
            }
            Some((b'f', [])) => {
                if self.holder == Some(id) {
                    self.pass_on();
                }
                Some(vec![])
            }
            Some((b't', [])) => {
                let free = self.holder.is_none();
                if free {
                    self.holder = Some(id);
                }
                Some(vec![u8::from(free)])
            }
            Some((kind, rest)) => self.data(*kind, rest),
            None => None,
        };
        if let Some(line) = self.lines.get_mut(&id) {
            match answer {
                Some(answer) => line.say(b'+', &answer),
                None => line.say(b'-', b""),
            }
        }
    }

    fn data(&mut self, kind: u8, rest: &[u8]) -> Option<Vec<u8>> {
        match kind {
            b's' => {
                let (value, name) = rest.split_first_chunk()?;
                self.dict.insert(name.to_vec(), *value);
                Some(vec![])
            }
            b'g' => Some(self.dict.get(rest).map_or(vec![], |value| value.to_vec())),
            b'p' => {
                self.list.push(i64::from_ne_bytes(rest.try_into().ok()?));
                Some(vec![])
            }
            b'r' => {
                let (index, item) = rest.split_first_chunk()?;
                let index = usize::try_from(u64::from_ne_bytes(*index)).ok()?;
                *self.list.get_mut(index)? = i64::from_ne_bytes(item.try_into().ok()?);
                Some(vec![])
            }
            b'l' => Some(self.list.iter().flat_map(|item| item.to_ne_bytes()).collect()),
            _ => None,
        }
    }

    /// The lock goes to whoever has waited longest.
    fn pass_on(&mut self) {
        self.holder = self.waiting.pop_front();
        if let Some(line) = self.holder.and_then(|next| self.lines.get_mut(&next)) {
            line.say(b'+', b"");
            // If it has gone, its line says so soon.
            let _ = line.flush();
        }
    }

    fn hang_up(&mut self, id: u64) {
        self.lines.remove(&id);
        let waited = self.waiting.len();
        self.waiting.retain(|&other| other != id);
        // Whoever had to do with the lock has no more: the next one.
        if self.holder == Some(id) || self.waiting.len() != waited {
            self.pass_on();
        }
    }
}

fn serve(listener: UnixListener, key: &[u8]) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut server = Server { key, ..Server::default() };
    let mut next_id = 0;
    let mut full = false;
    loop {
        let ids: Vec<u64> = server.lines.keys().copied().collect();
        let mut fds: Vec<_> = server
            .lines
            .values()
            .map(|line| {
                let mut events = PollFlags::POLLIN;
                events.set(PollFlags::POLLOUT, !line.output.is_empty());
                PollFd::new(line.stream.as_fd(), events)
            })
            .collect();
        if !full {
            fds.push(PollFd::new(listener.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            other => other?,
        };
        let events: Vec<_> =
            fds.iter().map(|fd| fd.revents().unwrap_or(PollFlags::empty())).collect();
        for (&id, event) in ids.iter().zip(&events) {
            let mut ok = true;
            if event.contains(PollFlags::POLLOUT) {
                ok = server.lines.get_mut(&id).is_none_or(|line| line.flush().is_ok());
            }
            if ok && event.intersects(PollFlags::POLLIN | PollFlags::POLLHUP | PollFlags::POLLERR) {
                ok = server.hear(id).is_ok();
            }
            if !ok {
                server.hang_up(id);
                full = false;
            }
        }
        if events.len() > ids.len() && !events[ids.len()].is_empty() {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(true)?;
                    let line = Line { stream, input: vec![], output: vec![], known: false };
                    server.lines.insert(next_id, line);
                    next_id += 1;
                }
                // No more descriptors: until somebody goes.
                Err(e) if e.raw_os_error() == Some(libc::EMFILE) => full = true,
                Err(_) => {}
            }
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
        match unsafe { fork() } {
            Ok(ForkResult::Child) => {
                let served = catch_unwind(AssertUnwindSafe(|| serve(listener, key)));
                std::process::exit(if served.is_ok() { 1 } else { 101 })
            }
            Ok(ForkResult::Parent { child }) => {
                Ok(Manager { server: child, path: path.to_owned() })
            }
            Err(error) => {
                std::fs::remove_file(path)?;
                Err(error.into())
            }
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        let killed = kill(self.server, Signal::SIGKILL);
        let waited = loop {
            match waitpid(self.server, None) {
                Err(Errno::EINTR) => {}
                other => break other,
            }
        };
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        killed?;
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
        client.converse(key)?;
        Ok(client)
    }

    fn converse(&mut self, question: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = (question.len() as u32).to_ne_bytes().to_vec();
        bytes.extend_from_slice(question);
        self.stream.write_all(&bytes)?;
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let mut answer = vec![0; u32::from_ne_bytes(length) as usize];
        self.stream.read_exact(&mut answer)?;
        match answer.first() {
            Some(b'+') => Ok(answer.split_off(1)),
            _ => Err(io::Error::new(ErrorKind::InvalidInput, "the server says no")),
        }
    }

    fn ask(&mut self, kind: u8, parts: &[&[u8]]) -> io::Result<Vec<u8>> {
        let mut question = vec![kind];
        parts.iter().for_each(|part| question.extend_from_slice(part));
        self.converse(&question)
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.ask(b's', &[&value.to_ne_bytes(), name.as_bytes()]).map(drop)
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let answer = self.ask(b'g', &[name.as_bytes()])?;
        Ok(answer.first_chunk().map(|bytes| f64::from_ne_bytes(*bytes)))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(b'p', &[&item.to_ne_bytes()]).map(drop)
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        self.ask(b'r', &[&(index as u64).to_ne_bytes(), &item.to_ne_bytes()]).map(drop)
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        let answer = self.ask(b'l', &[])?;
        Ok(answer.chunks_exact(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap())).collect())
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.ask(b'a', &[]).map(drop)
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        Ok(self.ask(b't', &[])? == [1])
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.ask(b'f', &[]).map(drop)
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let replaced = self.list().and_then(|list| match list.get(index) {
            Some(&item) => self.replace(index, next(item)),
            None => Err(ErrorKind::NotFound.into()),
        });
        self.release().and(replaced)
    }
}
