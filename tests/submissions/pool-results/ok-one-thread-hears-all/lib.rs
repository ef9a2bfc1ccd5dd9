//! One thread of the parent hears all workers; everybody else waits on a condition.
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    TimedOut,
    Error(String),
    Lost,
    Dropped,
}

type Callback = Box<dyn FnOnce(i64) + Send>;

struct Worker {
    pid: i32,
    line: UnixStream,
    busy: Option<usize>,
    heard: Vec<u8>,
    gone: bool,
}
#[derive(Default)]
struct State {
    workers: Vec<Worker>,
    queue: VecDeque<(usize, i64)>,
    outcomes: HashMap<usize, Result<i64, Failure>>,
    callbacks: HashMap<usize, Callback>,
    submitted: usize,
    closed: bool,
    unfinished: usize,
}
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    wake: io::PipeWriter,
}
pub struct Pool {
    shared: Arc<Shared>,
    router: Option<JoinHandle<()>>,
}
pub struct Handle {
    shared: Arc<Shared>,
    number: usize,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut all: Vec<Worker> = Vec::new();
        for _ in 0..workers {
            let (ours, mut theirs) = UnixStream::pair()?;
            match unsafe { libc::fork() } {
                -1 => return Err(io::Error::last_os_error()),
                0 => {
                    drop(all);
                    drop(ours);
                    let mut input = [0; 8];
                    while theirs.read_exact(&mut input).is_ok() {
                        let (sign, text) = match task(i64::from_be_bytes(input)) {
                            Ok(value) => (0_u8, value.to_be_bytes().to_vec()),
                            Err(text) => (1, text.into_bytes()),
                        };
                        let mut message = vec![sign];
                        message.extend((text.len() as u32).to_be_bytes());
                        message.extend(text);
                        if theirs.write_all(&message).is_err() {
                            break;
                        }
                    }
                    unsafe { libc::_exit(0) }
                }
                pid => all.push(Worker { pid, line: ours, busy: None, heard: vec![], gone: false }),
            }
        }
        for w in &all {
            w.line.set_nonblocking(true)?;
        }
        let (sleep, wake) = io::pipe()?;
        let state = State { workers: all, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), wake });
        let other = Arc::clone(&shared);
        let router = std::thread::spawn(move || route(&other, sleep));
        Ok(Pool { shared, router: Some(router) })
    }
    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let number = {
            let mut state = self.shared.state.lock().unwrap();
            if state.closed {
                return Err(io::Error::other("closed"));
            }
            let number = state.submitted;
            state.submitted += 1;
            state.unfinished += 1;
            state.callbacks.insert(number, Box::new(callback));
            state.queue.push_back((number, input));
            state.give();
            number
        };
        self.shared.changed.notify_all();
        Ok(Handle { shared: Arc::clone(&self.shared), number })
    }
    pub fn close(&mut self) {
        self.shared.state.lock().unwrap().closed = true;
        let _ = (&self.shared.wake).write_all(&[0]);
    }
    pub fn terminate(&mut self) {
        let mut state = self.shared.state.lock().unwrap();
        state.closed = true;
        state.queue.clear();
        for w in state.workers.iter().filter(|w| !w.gone) {
            unsafe {
                libc::kill(w.pid, libc::SIGKILL);
            }
        }
        for number in 0..state.submitted {
            if !state.outcomes.contains_key(&number) {
                state.outcomes.insert(number, Err(Failure::Dropped));
                state.callbacks.remove(&number);
                state.unfinished -= 1;
            }
        }
        drop(state);
        self.shared.changed.notify_all();
        let _ = (&self.shared.wake).write_all(&[0]);
    }
    pub fn join(&mut self) -> io::Result<()> {
        if !self.shared.state.lock().unwrap().closed {
            return Err(io::Error::other("open"));
        }
        if let Some(router) = self.router.take() {
            router.join().map_err(|_| io::Error::other("router"))?;
        }
        Ok(())
    }
}
impl State {
    fn give(&mut self) {
        for w in self.workers.iter_mut().filter(|w| !w.gone && w.busy.is_none()) {
            let Some((number, input)) = self.queue.pop_front() else { return };
            w.busy = Some(number);
            let _ = w.line.write_all(&input.to_be_bytes());
        }
        if self.workers.iter().all(|w| w.gone) {
            for (number, _) in std::mem::take(&mut self.queue) {
                self.settle(number, Err(Failure::Lost));
            }
        }
    }
    fn settle(&mut self, number: usize, outcome: Result<i64, Failure>) {
        if self.outcomes.contains_key(&number) {
            return;
        }
        if let (Ok(value), Some(callback)) = (&outcome, self.callbacks.remove(&number)) {
            callback(*value);
        }
        self.outcomes.insert(number, outcome);
        self.unfinished -= 1;
    }
}
fn route(shared: &Shared, mut sleep: io::PipeReader) {
    loop {
        let mut fds: Vec<libc::pollfd>;
        {
            let state = shared.state.lock().unwrap();
            if state.closed && state.unfinished == 0 {
                break;
            }
            fds = state
                .workers
                .iter()
                .map(|w| libc::pollfd {
                    fd: if w.gone { -1 } else { w.line.as_raw_fd() },
                    events: libc::POLLIN,
                    revents: 0,
                })
                .collect();
        }
        fds.push(libc::pollfd { fd: sleep.as_raw_fd(), events: libc::POLLIN, revents: 0 });
        unsafe {
            libc::poll(fds.as_mut_ptr(), fds.len() as u64, -1);
        }
        if fds.last().unwrap().revents != 0 {
            let _ = sleep.read(&mut [0]);
        }
        let mut state = shared.state.lock().unwrap();
        for place in 0..fds.len() - 1 {
            if fds[place].revents == 0 {
                continue;
            }
            let mut piece = [0; 65536];
            let w = &mut state.workers[place];
            match w.line.read(&mut piece) {
                Ok(0) => {
                    w.gone = true;
                }
                Ok(n) => w.heard.extend(&piece[..n]),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => w.gone = true,
            }
            let w = &mut state.workers[place];
            if w.heard.len() >= 5 {
                let len = u32::from_be_bytes(w.heard[1..5].try_into().unwrap()) as usize;
                if w.heard.len() == 5 + len {
                    let outcome = match w.heard[0] {
                        0 => Ok(i64::from_be_bytes(w.heard[5..].try_into().unwrap())),
                        _ => {
                            Err(Failure::Error(String::from_utf8_lossy(&w.heard[5..]).into_owned()))
                        }
                    };
                    w.heard.clear();
                    if let Some(number) = w.busy.take() {
                        state.settle(number, outcome);
                    }
                }
            }
            let w = &mut state.workers[place];
            if w.gone {
                if let Some(number) = w.busy.take() {
                    state.settle(number, Err(Failure::Lost));
                }
            }
        }
        state.give();
        drop(state);
        shared.changed.notify_all();
    }
    let mut state = shared.state.lock().unwrap();
    for w in std::mem::take(&mut state.workers) {
        drop(w.line);
        let mut status = 0;
        unsafe {
            libc::waitpid(w.pid, &mut status, 0);
        }
    }
}
impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let end = timeout.map(|t| Instant::now() + t);
        let mut state = self.shared.state.lock().unwrap();
        loop {
            if let Some(outcome) = state.outcomes.get(&self.number) {
                return outcome.clone();
            }
            state = match end {
                None => self.shared.changed.wait(state).unwrap(),
                Some(end) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Failure::TimedOut);
                    }
                    self.shared.changed.wait_timeout(state, left).unwrap().0
                }
            };
        }
    }
}
