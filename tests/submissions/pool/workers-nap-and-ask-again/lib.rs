//! A pool of processes: one pipe for tasks, one for results.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process::exit;
use std::rc::Rc;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

pub struct Pool {
    tasks: Option<PipeWriter>,
    results: Rc<RefCell<Results>>,
    workers: usize,
    next: i64,
}

pub struct Handle {
    number: i64,
    results: Rc<RefCell<Results>>,
}

struct Results {
    pipe: PipeReader,
    known: HashMap<i64, i64>,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (tasks_rx, tasks_tx) = io::pipe()?;
        fcntl(&tasks_rx, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let (results_rx, results_tx) = io::pipe()?;
        for _ in 0..workers {
            // SAFETY: this process has a single thread.
            if let ForkResult::Child = unsafe { fork() }? {
                drop(tasks_tx);
                loop {
                    let [number, input] = match receive(&tasks_rx) {
                        Ok(message) => message,
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            std::thread::sleep(std::time::Duration::from_millis(20));
                            continue;
                        }
                        Err(_) => break,
                    };
                    if send(&results_tx, [number, task(input)]).is_err() {
                        exit(1);
                    }
                }
                exit(0);
            }
        }
        let results = Rc::new(RefCell::new(Results { pipe: results_rx, known: HashMap::new() }));
        Ok(Pool { tasks: Some(tasks_tx), results, workers, next: 0 })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let Some(tasks) = &self.tasks else {
            return Err(io::Error::other("closed"));
        };
        let number = self.next;
        self.next += 1;
        send(tasks, [number, input])?;
        Ok(Handle { number, results: Rc::clone(&self.results) })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.tasks = None;
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        for _ in 0..self.workers {
            wait()?;
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        let mut results = self.results.borrow_mut();
        while !results.known.contains_key(&self.number) {
            let [number, result] = receive(&results.pipe)?;
            results.known.insert(number, result);
        }
        Ok(results.known[&self.number])
    }
}

fn send(mut to: &PipeWriter, words: [i64; 2]) -> io::Result<()> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    to.write_all(&bytes)
}

fn receive(mut from: &PipeReader) -> io::Result<[i64; 2]> {
    let mut bytes = [0; 16];
    from.read_exact(&mut bytes)?;
    let (words, _) = bytes.as_chunks::<8>();
    Ok([i64::from_le_bytes(words[0]), i64::from_le_bytes(words[1])])
}
