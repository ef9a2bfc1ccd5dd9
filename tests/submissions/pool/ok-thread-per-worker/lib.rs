//! A pool whose parent starts a thread for each worker, which speaks with that one alone.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

struct Job {
    input: i64,
    answer: Sender<i64>,
}

#[derive(Default)]
struct Board {
    jobs: Mutex<(VecDeque<Job>, bool)>,
    news: Condvar,
}

impl Board {
    fn take(&self) -> Option<Job> {
        let guard = self.jobs.lock().unwrap();
        let mut guard =
            self.news.wait_while(guard, |(q, closed)| q.is_empty() && !*closed).unwrap();
        guard.0.pop_front()
    }
}

/// The parent's side of one worker.
struct Remote {
    line: UnixStream,
    pid: Pid,
}

impl Remote {
    fn call(&mut self, input: i64) -> io::Result<i64> {
        self.line.write_all(&input.to_le_bytes())?;
        let mut b = [0u8; 8];
        self.line.read_exact(&mut b)?;
        Ok(i64::from_le_bytes(b))
    }

    fn dismiss(self) -> io::Result<()> {
        drop(self.line);
        loop {
            match waitpid(self.pid, None) {
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
                Ok(_) => return Ok(()),
            }
        }
    }
}

pub struct Pool {
    board: Arc<Board>,
    agents: Vec<JoinHandle<io::Result<()>>>,
}

pub struct Handle {
    answer: Receiver<i64>,
}

fn serve(mut line: UnixStream, task: impl Fn(i64) -> i64) {
    let mut b = [0u8; 8];
    while line.read_exact(&mut b).is_ok() {
        let out = task(i64::from_le_bytes(b));
        if line.write_all(&out.to_le_bytes()).is_err() {
            break;
        }
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let mut remotes: Vec<Remote> = vec![];
        for _ in 0..workers {
            let made = UnixStream::pair().and_then(|(ours, theirs)| {
                // SAFETY: no threads yet (those of a pool before have been joined)
                match unsafe { fork() }? {
                    ForkResult::Child => {
                        drop(ours);
                        remotes.clear();
                        serve(theirs, &task);
                        std::process::exit(0)
                    }
                    ForkResult::Parent { child } => Ok(Remote { line: ours, pid: child }),
                }
            });
            match made {
                Ok(r) => remotes.push(r),
                Err(e) => {
                    for r in remotes {
                        let _ = r.dismiss();
                    }
                    return Err(e);
                }
            }
        }
        let board = Arc::new(Board::default());
        let agents = remotes
            .into_iter()
            .map(|mut remote| {
                let board = board.clone();
                std::thread::spawn(move || {
                    while let Some(job) = board.take() {
                        match remote.call(job.input) {
                            // nobody may want to know
                            Ok(value) => drop(job.answer.send(value)),
                            Err(_) => break,
                        }
                    }
                    remote.dismiss()
                })
            })
            .collect();
        Ok(Pool { board, agents })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let (tx, rx) = channel();
        let mut jobs = self.board.jobs.lock().unwrap();
        if jobs.1 {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "closed"));
        }
        jobs.0.push_back(Job { input, answer: tx });
        self.board.news.notify_one();
        Ok(Handle { answer: rx })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.board.jobs.lock().unwrap().1 = true;
        self.board.news.notify_all();
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        for a in self.agents.drain(..) {
            a.join().map_err(|_| io::Error::other("an agent panicked"))??;
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        self.answer.recv().map_err(|_| io::ErrorKind::UnexpectedEof.into())
    }
}
