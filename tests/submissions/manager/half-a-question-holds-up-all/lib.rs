//! A server with one thread, which polls all its connections. Questions and answers are lines
//! of text; who waits for the lock is answered later.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::exit;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

const LONGEST: usize = 4096;

pub struct Manager {
    path: PathBuf,
    server: Pid,
}

impl Manager {
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        let listener = UnixListener::bind(path)?;
        // SAFETY: the process has one thread.
        match unsafe { fork() }? {
            ForkResult::Child => exit(i32::from(Server::new(key).serve(&listener).is_err())),
            ForkResult::Parent { child } => Ok(Manager { path: path.to_owned(), server: child }),
        }
    }

    pub fn shutdown(self) -> io::Result<()> {
        // It keeps nothing that would have to be put away.
        kill(self.server, Signal::SIGTERM)?;
        waitpid(self.server, None)?;
        fs::remove_file(&self.path)
    }
}

struct Visitor {
    stream: UnixStream,
    heard: Vec<u8>,
    admitted: bool,
}

struct Server {
    key: String,
    visitors: BTreeMap<u64, Visitor>,
    dict: HashMap<String, String>,
    list: Vec<i64>,
    holder: Option<u64>,
    waiting: VecDeque<u64>,
}

impl Server {
    fn new(key: &[u8]) -> Server {
        Server {
            key: in_hexadecimal(key),
            visitors: BTreeMap::new(),
            dict: HashMap::new(),
            list: Vec::new(),
            holder: None,
            waiting: VecDeque::new(),
        }
    }

    fn serve(&mut self, listener: &UnixListener) -> io::Result<()> {
        for next in 0.. {
            let ready = self.ready(listener)?;
            if ready.contains(&None) {
                let (stream, _) = listener.accept()?;
                self.visitors.insert(next, Visitor { stream, heard: vec![], admitted: false });
            }
            for number in ready.into_iter().flatten() {
                if self.hear(number).is_err() {
                    self.visitors.remove(&number);
                    self.waiting.retain(|waiting| *waiting != number);
                    if self.holder == Some(number) {
                        self.pass_on();
                    }
                }
            }
        }
        Ok(())
    }

    /// The visitors who have said something, and none for one who comes.
    fn ready(&self, listener: &UnixListener) -> io::Result<Vec<Option<u64>>> {
        let wanted = |end| PollFd::new(end, PollFlags::POLLIN);
        let mut polled = vec![wanted(listener.as_fd())];
        polled.extend(self.visitors.values().map(|visitor| wanted(visitor.stream.as_fd())));
        poll(&mut polled, PollTimeout::NONE)?;
        let numbers = [None].into_iter().chain(self.visitors.keys().copied().map(Some));
        let ready = numbers.zip(&polled).filter(|(_, end)| end.any().unwrap_or(false));
        Ok(ready.map(|(number, _)| number).collect())
    }

    fn hear(&mut self, number: u64) -> io::Result<()> {
        let visitor = self.visitors.get_mut(&number).ok_or(ErrorKind::NotFound)?;
        let mut count = 1;
        while count > 0 && visitor.heard.last() != Some(&b'\n') && visitor.heard.len() <= LONGEST {
            let mut bytes = [0; 512];
            count = visitor.stream.read(&mut bytes)?;
            visitor.heard.extend(&bytes[..count]);
        }
        if count == 0 || visitor.heard.len() > LONGEST {
            return Err(ErrorKind::InvalidData.into());
        }
        while let Some(end) = self.visitors[&number].heard.iter().position(|byte| *byte == b'\n') {
            let visitor = self.visitors.get_mut(&number).ok_or(ErrorKind::NotFound)?;
            let line: Vec<u8> = visitor.heard.drain(..=end).collect();
            let line = String::from_utf8(line).map_err(io::Error::other)?;
            if !visitor.admitted {
                visitor.admitted = line.trim_end() == self.key;
                let admitted = visitor.admitted;
                self.say(number, if admitted { "yes" } else { "no" })?;
                continue;
            }
            if let Some(answer) = self.answer(number, line.trim_end())? {
                self.say(number, &answer)?;
            }
        }
        Ok(())
    }

    fn say(&mut self, number: u64, line: &str) -> io::Result<()> {
        match self.visitors.get_mut(&number) {
            Some(visitor) => writeln!(visitor.stream, "{line}"),
            None => Ok(()),
        }
    }

    fn answer(&mut self, number: u64, line: &str) -> io::Result<Option<String>> {
        let words: Vec<_> = line.split(' ').collect();
        let integer = |word: &str| word.parse::<i64>().map_err(io::Error::other);
        Ok(Some(match words.as_slice() {
            ["set", name, value] => {
                self.dict.insert(name.to_string(), value.to_string());
                String::new()
            }
            ["get", name] => self.dict.get(*name).cloned().unwrap_or_default(),
            ["push", item] => {
                self.list.push(integer(item)?);
                String::new()
            }
            ["replace", index, item] => {
                let item = integer(item)?;
                match self.list.get_mut(integer(index)? as usize) {
                    Some(place) => {
                        *place = item;
                        "yes".to_owned()
                    }
                    None => "no".to_owned(),
                }
            }
            ["list"] => self.list.iter().map(|item| format!("{item} ")).collect(),
            ["acquire" | "try"] if self.holder.is_none() => {
                self.holder = Some(number);
                "yes".to_owned()
            }
            ["try"] => "no".to_owned(),
            ["acquire"] => {
                self.waiting.push_back(number);
                return Ok(None);
            }
            ["release"] => {
                self.pass_on();
                String::new()
            }
            _ => return Err(ErrorKind::InvalidData.into()),
        }))
    }

    fn pass_on(&mut self) {
        self.holder = self.waiting.pop_front();
        if let Some(next) = self.holder {
            // If it is gone its end will be heard.
            let _ = self.say(next, "yes");
        }
    }
}

/// Without spaces and line breaks, whatever it holds.
fn in_hexadecimal(bytes: &[u8]) -> String {
    let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x{}", digits.concat())
}

pub struct Client {
    stream: BufReader<UnixStream>,
}

impl Client {
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let mut client = Client { stream: BufReader::new(UnixStream::connect(path)?) };
        match client.ask(&in_hexadecimal(key))?.as_str() {
            "yes" => Ok(client),
            _ => Err(ErrorKind::PermissionDenied.into()),
        }
    }

    fn ask(&mut self, question: &str) -> io::Result<String> {
        writeln!(self.stream.get_mut(), "{question}")?;
        let mut answer = String::new();
        if self.stream.read_line(&mut answer)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(answer.trim_end().to_owned())
    }

    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        self.ask(&format!("set {} {}", in_hexadecimal(name.as_bytes()), value.to_bits())).map(drop)
    }

    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let answer = self.ask(&format!("get {}", in_hexadecimal(name.as_bytes())))?;
        Ok(answer.parse().ok().map(f64::from_bits))
    }

    pub fn push(&mut self, item: i64) -> io::Result<()> {
        self.ask(&format!("push {item}")).map(drop)
    }

    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        match self.ask(&format!("replace {index} {item}"))?.as_str() {
            "yes" => Ok(()),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        let answer = self.ask("list")?;
        answer.split_whitespace().map(|word| word.parse().map_err(io::Error::other)).collect()
    }

    pub fn acquire(&mut self) -> io::Result<()> {
        self.ask("acquire").map(drop)
    }

    pub fn try_acquire(&mut self) -> io::Result<bool> {
        Ok(self.ask("try")? == "yes")
    }

    pub fn release(&mut self) -> io::Result<()> {
        self.ask("release").map(drop)
    }

    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        self.acquire()?;
        let item = self.list()?.get(index).copied();
        let done = match item {
            Some(item) => self.replace(index, next(item)),
            None => Err(ErrorKind::NotFound.into()),
        };
        self.release()?;
        done
    }
}
