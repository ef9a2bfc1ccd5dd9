//! Tasks stay in a buffer until a result is asked for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::rc::Rc;

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub struct Pool {
    tasks: Rc<RefCell<Option<io::BufWriter<PipeWriter>>>>,
    next: i64,
    results: Rc<RefCell<Results>>,
    workers: Vec<Pid>,
}
pub struct Handle {
    id: i64,
    tasks: Rc<RefCell<Option<io::BufWriter<PipeWriter>>>>,
    results: Rc<RefCell<Results>>,
}
struct Results {
    pipe: PipeReader,
    map: HashMap<i64, i64>,
}
fn send(to: &mut impl Write, a: i64, b: i64) -> io::Result<()> {
    let mut bytes = a.to_ne_bytes().to_vec();
    bytes.extend(b.to_ne_bytes());
    to.write_all(&bytes)
}
fn receive(mut from: &PipeReader) -> io::Result<(i64, i64)> {
    let mut bytes = [0; 16];
    from.read_exact(&mut bytes)?;
    let a = i64::from_ne_bytes(bytes[..8].try_into().unwrap());
    let b = i64::from_ne_bytes(bytes[8..].try_into().unwrap());
    Ok((a, b))
}
impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (tasks_out, tasks_in) = io::pipe()?;
        let (results_out, results_in) = io::pipe()?;
        let mut pids = Vec::new();
        for _ in 0..workers {
            match unsafe { fork() }? {
                ForkResult::Child => {
                    drop(tasks_in);
                    while let Ok((id, input)) = receive(&tasks_out) {
                        let result = task(input);
                        if send(&mut &results_in, id, result).is_err() {
                            break;
                        }
                    }
                    std::process::exit(0)
                }
                ForkResult::Parent { child } => pids.push(child),
            }
        }
        let results = Rc::new(RefCell::new(Results { pipe: results_out, map: HashMap::new() }));
        let tasks = Rc::new(RefCell::new(Some(io::BufWriter::new(tasks_in))));
        Ok(Pool { tasks, next: 0, results, workers: pids })
    }
    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        let mut tasks = self.tasks.borrow_mut();
        let Some(tasks) = tasks.as_mut() else { return Err(io::Error::other("closed")) };
        let id = self.next;
        self.next += 1;
        send(tasks, id, input)?;
        Ok(Handle { id, tasks: self.tasks.clone(), results: self.results.clone() })
    }
    pub fn close(&mut self) -> io::Result<()> {
        self.tasks.borrow_mut().take();
        Ok(())
    }
    pub fn join(&mut self) -> io::Result<()> {
        for pid in self.workers.drain(..) {
            waitpid(pid, None)?;
        }
        Ok(())
    }
}
impl Handle {
    pub fn get(self) -> io::Result<i64> {
        if let Some(tasks) = self.tasks.borrow_mut().as_mut() {
            tasks.flush()?;
        }
        let mut results = self.results.borrow_mut();
        loop {
            if let Some(value) = results.map.remove(&self.id) {
                return Ok(value);
            }
            let (id, value) = receive(&results.pipe)?;
            results.map.insert(id, value);
        }
    }
}
