//! A pool whose results are collected by a thread.

use std::collections::HashMap;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::exit;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Pool {
    tasks: Option<PipeWriter>,
    submitted: u64,
    board: Arc<Board>,
    collector: Option<JoinHandle<()>>,
    workers: Vec<Pid>,
}

pub struct Handle {
    number: u64,
    board: Arc<Board>,
}

#[derive(Default)]
struct Board {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    results: HashMap<u64, i64>,
    finished: bool,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (tasks_rx, tasks_tx) = io::pipe()?;
        let (results_rx, results_tx) = io::pipe()?;
        let mut pids = Vec::new();
        for _ in 0..workers {
            // SAFETY: this process has a single thread so far.
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop((tasks_tx, results_rx));
                    while let Some((number, input)) = receive(&tasks_rx) {
                        send(&results_tx, number, task(input)).unwrap();
                    }
                    exit(0)
                }
                ForkResult::Parent { child } => pids.push(child),
            }
        }
        let board = Arc::new(Board::default());
        let collector = thread::spawn({
            let board = Arc::clone(&board);
            move || collect(&results_rx, &board)
        });
        let tasks = Some(tasks_tx);
        Ok(Pool { tasks, submitted: 0, board, collector: Some(collector), workers: pids })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let tasks = self.tasks.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        send(tasks, self.submitted, input)?;
        self.submitted += 1;
        Ok(Handle { number: self.submitted - 1, board: Arc::clone(&self.board) })
    }

    pub fn close(&mut self) -> io::Result<()> {
        drop(self.tasks.take());
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        for pid in self.workers.drain(..) {
            // A signal may come in between.
            while let Err(error) = waitpid(pid, None) {
                if error != Errno::EINTR {
                    return Err(error.into());
                }
            }
        }
        if let Some(collector) = self.collector.take() {
            collector.join().map_err(|_| io::Error::other("the collector panicked"))?;
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        let mut state = self.board.lock();
        loop {
            if let Some(result) = state.results.remove(&self.number) {
                return Ok(result);
            }
            if state.finished {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            state = self.board.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn collect(results: &PipeReader, board: &Board) {
    while let Some((number, result)) = receive(results) {
        board.lock().results.insert(number, result);
        board.changed.notify_all();
    }
    board.lock().finished = true;
    board.changed.notify_all();
}

fn send(mut to: &PipeWriter, number: u64, value: i64) -> io::Result<()> {
    let mut message = number.to_ne_bytes().to_vec();
    message.extend(value.to_ne_bytes());
    to.write_all(&message)
}

fn receive(mut from: &PipeReader) -> Option<(u64, i64)> {
    let (mut number, mut message) = ([0; 8], [0; 16]);
    from.read_exact(&mut message).ok()?;
    number.copy_from_slice(&message[..8]);
    Some((u64::from_ne_bytes(number), i64::from_ne_bytes(message[8..].try_into().ok()?)))
}
