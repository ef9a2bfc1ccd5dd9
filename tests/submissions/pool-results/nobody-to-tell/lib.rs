//! A result that no handle waits for any more makes the thread panic that keeps the worker.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

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

struct Task {
    input: i64,
    callback: Box<dyn FnOnce(i64) + Send>,
    answer: Sender<Result<i64, Failure>>,
}

pub struct Pool {
    tasks: Option<Sender<Task>>,
    keepers: Vec<JoinHandle<()>>,
    pids: Vec<Pid>,
    terminated: Arc<AtomicBool>,
}

pub struct Handle {
    answer: Receiver<Result<i64, Failure>>,
    known: RefCell<Option<Result<i64, Failure>>>,
    terminated: Arc<AtomicBool>,
}

fn ask(socket: &mut UnixStream, input: i64) -> io::Result<Result<i64, Failure>> {
    socket.write_all(&input.to_ne_bytes())?;
    let mut head = [0; 9];
    socket.read_exact(&mut head)?;
    let number = u64::from_ne_bytes(head[..8].try_into().unwrap());
    if head[8] == b'v' {
        return Ok(Ok(number as i64));
    }
    let mut text = vec![0; number as usize];
    socket.read_exact(&mut text)?;
    Ok(Err(Failure::Error(String::from_utf8_lossy(&text).to_string())))
}

fn keeper(tasks: Arc<Mutex<Receiver<Task>>>, mut socket: UnixStream, terminated: Arc<AtomicBool>) {
    loop {
        let task = tasks.lock().unwrap().recv();
        let Ok(task) = task else { break };
        if terminated.load(Ordering::SeqCst) {
            continue; // dropped
        }
        match ask(&mut socket, task.input) {
            Ok(answer) => {
                if let Ok(value) = answer {
                    (task.callback)(value);
                }
                task.answer.send(answer).unwrap();
            }
            // Its handle finds that nobody will answer: lost, or dropped
            Err(_) => break,
        }
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> Result<i64, String>) -> io::Result<Pool> {
        let mut sockets: Vec<UnixStream> = vec![];
        let mut pids = vec![];
        for _ in 0..workers {
            let (ours, mut theirs) = UnixStream::pair()?;
            match unsafe { fork() }? {
                ForkResult::Parent { child } => {
                    pids.push(child);
                    sockets.push(ours);
                }
                ForkResult::Child => {
                    drop(ours);
                    drop(sockets);
                    let mut input = [0; 8];
                    while theirs.read_exact(&mut input).is_ok() {
                        let message = match task(i64::from_ne_bytes(input)) {
                            Ok(value) => [&value.to_ne_bytes()[..], b"v"].concat(),
                            Err(text) => {
                                [&text.len().to_ne_bytes()[..], b"e", text.as_bytes()].concat()
                            }
                        };
                        if theirs.write_all(&message).is_err() {
                            break;
                        }
                    }
                    std::process::exit(0);
                }
            }
        }
        let (sender, receiver) = mpsc::channel::<Task>();
        let receiver = Arc::new(Mutex::new(receiver));
        let terminated = Arc::new(AtomicBool::new(false));
        let mut keepers = vec![];
        for socket in sockets {
            let (receiver, terminated) = (receiver.clone(), terminated.clone());
            keepers.push(thread::spawn(move || keeper(receiver, socket, terminated)));
        }
        Ok(Pool { tasks: Some(sender), keepers, pids, terminated })
    }

    pub fn submit(
        &mut self,
        input: i64,
        callback: impl FnOnce(i64) + Send + 'static,
    ) -> io::Result<Handle> {
        let Some(tasks) = &self.tasks else {
            return Err(io::Error::other("the pool has been closed"));
        };
        let (sender, receiver) = mpsc::channel();
        // fails if no keeper is left: then the task is lost
        let _ = tasks.send(Task { input, callback: Box::new(callback), answer: sender });
        Ok(Handle {
            answer: receiver,
            known: RefCell::new(None),
            terminated: self.terminated.clone(),
        })
    }

    pub fn close(&mut self) {
        self.tasks = None;
    }

    pub fn terminate(&mut self) {
        self.terminated.store(true, Ordering::SeqCst);
        self.tasks = None;
        for &pid in &self.pids {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }

    pub fn join(&mut self) -> io::Result<()> {
        if self.tasks.is_some() {
            return Err(io::Error::other("close() or terminate() first"));
        }
        for keeper in self.keepers.drain(..) {
            let _ = keeper.join();
        }
        for pid in self.pids.drain(..) {
            let _ = waitpid(pid, None);
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(&self, timeout: Option<Duration>) -> Result<i64, Failure> {
        let mut known = self.known.borrow_mut();
        if let Some(answer) = &*known {
            return answer.clone();
        }
        let answer = match timeout {
            None => self.answer.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(time) => self.answer.recv_timeout(time),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => return Err(Failure::TimedOut),
            Err(RecvTimeoutError::Disconnected) => {
                let dropped = self.terminated.load(Ordering::SeqCst);
                Err(if dropped { Failure::Dropped } else { Failure::Lost })
            }
        };
        *known = Some(answer.clone());
        answer
    }
}
