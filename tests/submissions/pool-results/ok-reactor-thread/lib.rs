//! One thread owns all workers, sleeps in poll, gets commands by a channel, and each handle has
//! its own.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::EventFd;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    TimedOut,
    Error(String),
    Lost,
    Dropped,
}

type Outcome = Result<i64, Failure>;

struct Order {
    input: i64,
    callback: Box<dyn FnOnce(i64) + Send>,
    reply: Sender<Outcome>,
}

impl Order {
    fn end(self, outcome: Outcome) {
        if let Ok(value) = outcome {
            (self.callback)(value);
        }
        // the handle may be gone
        let _ = self.reply.send(outcome);
    }
}

enum Command {
    Do(Order),
    Close,
    Terminate(Sender<()>),
}

struct Worker {
    pid: Pid,
    to: PipeWriter,
    from: PipeReader,
    order: Option<Order>,
    bytes: Vec<u8>,
    dead: bool,
}

impl Worker {
    fn text_or_value(&self) -> Option<Result<i64, String>> {
        let head: [u8; 8] = self.bytes.get(..8)?.try_into().ok()?;
        let body = self.bytes.get(8..)?;
        match u64::from_ne_bytes(head) {
            u64::MAX => Some(Ok(i64::from_ne_bytes(body.get(..8)?.try_into().ok()?))),
            length => {
                let text = body.get(..length as usize)?.to_vec();
                Some(Err(String::from_utf8(text).unwrap_or_default()))
            }
        }
    }

    fn has_said_something(&self) -> bool {
        let mut fds = [PollFd::new(self.from.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|n| n > 0)
    }

    fn hear(&mut self) {
        let mut space = [0; 8192];
        match self.from.read(&mut space) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return,
            Ok(0) | Err(_) => self.dead = true,
            Ok(n) => self.bytes.extend(&space[..n]),
        }
        if let Some(answer) = self.text_or_value() {
            self.bytes.clear();
            if let Some(order) = self.order.take() {
                order.end(answer.map_err(Failure::Error));
            }
        } else if self.dead {
            if let Some(order) = self.order.take() {
                order.end(Err(Failure::Lost));
            }
        }
    }
}

struct Reactor {
    commands: Receiver<Command>,
    wake: Arc<EventFd>,
    workers: Vec<Worker>,
    queue: VecDeque<Order>,
    closed: bool,
}

impl Reactor {
    fn command(&mut self, command: Command) {
        match command {
            Command::Do(order) => self.queue.push_back(order),
            Command::Close => self.closed = true,
            Command::Terminate(done) => {
                self.closed = true;
                for worker in &mut self.workers {
                    // what has come already is done
                    while worker.order.is_some() && !worker.dead && worker.has_said_something() {
                        worker.hear();
                    }
                    // not waited for yet: that is done by join
                    let _ = kill(worker.pid, Signal::SIGKILL);
                    worker.dead = true;
                    if let Some(order) = worker.order.take() {
                        order.end(Err(Failure::Dropped));
                    }
                }
                for order in self.queue.drain(..) {
                    order.end(Err(Failure::Dropped));
                }
                let _ = done.send(());
            }
        }
    }

    fn give(&mut self) {
        for worker in self.workers.iter_mut().filter(|w| !w.dead && w.order.is_none()) {
            let Some(order) = self.queue.pop_front() else { break };
            if worker.to.write_all(&order.input.to_ne_bytes()).is_ok() {
                worker.order = Some(order);
            } else {
                worker.dead = true;
                self.queue.push_front(order);
            }
        }
        if self.workers.iter().all(|w| w.dead) {
            for order in self.queue.drain(..) {
                order.end(Err(Failure::Lost));
            }
        }
    }

    fn run(mut self) {
        loop {
            loop {
                match self.commands.try_recv() {
                    Ok(command) => self.command(command),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => {
                        // the pool was dropped, perhaps without close
                        self.closed = true;
                        break;
                    }
                }
            }
            self.give();
            let busy = self.workers.iter().any(|w| w.order.is_some());
            if self.closed && !busy && self.queue.is_empty() {
                return; // and with it the pipes: the workers see their end
            }
            let ready: Vec<bool> = {
                let mut fds = vec![PollFd::new((*self.wake).as_fd(), PollFlags::POLLIN)];
                let living = self.workers.iter().filter(|w| !w.dead);
                fds.extend(living.map(|w| PollFd::new(w.from.as_fd(), PollFlags::POLLIN)));
                if poll(&mut fds, PollTimeout::NONE).is_err() {
                    continue;
                }
                fds.iter().map(|fd| fd.any() == Some(true)).collect()
            };
            if ready[0] {
                let _ = self.wake.read();
            }
            let living = self.workers.iter_mut().filter(|w| !w.dead);
            living.zip(&ready[1..]).filter(|(_, ready)| **ready).for_each(|(w, _)| w.hear());
        }
    }
}

/// Wakes the reactor a last time when it goes, which is after the sender.
struct Bell(Arc<EventFd>);

impl Drop for Bell {
    fn drop(&mut self) {
        let _ = self.0.write(1);
    }
}

pub struct Pool {
    commands: Sender<Command>,
    wake: Bell,
    reactor: Option<JoinHandle<()>>,
    pids: Vec<Pid>,
    open: bool,
    terminated: bool,
}

pub struct Handle {
    reply: Receiver<Outcome>,
    known: RefCell<Option<Outcome>>,
}

fn live(
    mut orders: PipeReader,
    mut home: PipeWriter,
    task: &dyn Fn(i64) -> Result<i64, String>,
) -> i32 {
    let mut word = [0; 8];
    while orders.read_exact(&mut word).is_ok() {
        let (head, body) = match task(i64::from_ne_bytes(word)) {
            Ok(value) => (u64::MAX, value.to_ne_bytes().to_vec()),
            Err(text) => (text.len() as u64, text.into_bytes()),
        };
        let message = [&head.to_ne_bytes()[..], &body].concat();
        if home.write_all(&message).is_err() {
            return 1;
        }
    }
    0
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut crew: Vec<Worker> = Vec::new();
        for _ in 0..workers {
            let (orders, to) = io::pipe()?;
            let (from, home) = io::pipe()?;
            // SAFETY: the reactor is started after the last fork
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop((to, from));
                    crew.clear();
                    let life = || live(orders, home, &task);
                    let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(life));
                    std::process::exit(code.unwrap_or(101));
                }
                ForkResult::Parent { child: pid } => {
                    crew.push(Worker { pid, to, from, order: None, bytes: vec![], dead: false });
                }
            }
        }
        let pids = crew.iter().map(|w| w.pid).collect();
        let (commands, receiver) = mpsc::channel();
        let alarm = Arc::new(EventFd::new()?);
        let wake = Bell(Arc::clone(&alarm));
        let reactor = Reactor {
            commands: receiver,
            wake: alarm,
            workers: crew,
            queue: VecDeque::new(),
            closed: false,
        };
        let thread = thread::Builder::new().name("reactor".into()).spawn(move || reactor.run())?;
        Ok(Pool { commands, wake, reactor: Some(thread), pids, open: true, terminated: false })
    }

    fn tell(&mut self, command: Command) {
        // After its end the reactor hears nothing, and need not.
        if self.commands.send(command).is_ok() {
            let _ = self.wake.0.write(1);
        }
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        if !self.open {
            return Err(io::Error::other("closed"));
        }
        let (sender, reply) = mpsc::channel();
        self.tell(Command::Do(Order { input, callback: Box::new(callback), reply: sender }));
        Ok(Handle { reply, known: RefCell::new(None) })
    }

    pub fn close(&mut self) {
        self.open = false;
        self.tell(Command::Close);
    }

    pub fn terminate(&mut self) {
        self.open = false;
        if self.terminated {
            return;
        }
        self.terminated = true;
        let (done, is_done) = mpsc::channel();
        self.tell(Command::Terminate(done));
        // an error if the reactor has ended, with nothing left to terminate
        let _ = is_done.recv();
    }

    pub fn join(&mut self) -> io::Result<()> {
        if self.open {
            return Err(io::Error::other("join of an open pool"));
        }
        if let Some(reactor) = self.reactor.take() {
            reactor.join().map_err(|_| io::Error::other("the reactor panicked"))?;
        }
        for pid in self.pids.drain(..) {
            while waitpid(pid, None) == Err(nix::Error::EINTR) {}
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let mut known = self.known.borrow_mut();
        if let Some(outcome) = &*known {
            return outcome.clone();
        }
        let outcome = match timeout {
            None => self.reply.recv().unwrap_or(Err(Failure::Lost)),
            Some(time) => match self.reply.recv_timeout(time) {
                Ok(outcome) => outcome,
                Err(RecvTimeoutError::Timeout) => return Err(Failure::TimedOut),
                Err(RecvTimeoutError::Disconnected) => Err(Failure::Lost),
            },
        };
        known.insert(outcome).clone()
    }
}
