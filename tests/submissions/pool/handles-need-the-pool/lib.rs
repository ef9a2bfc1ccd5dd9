use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::process;
use std::rc::{Rc, Weak};

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Copy)]
struct Message {
    id: i64,
    value: i64,
}

impl Message {
    fn write(self, to: &mut PipeWriter) -> io::Result<()> {
        let mut bytes = self.id.to_le_bytes().to_vec();
        bytes.extend(self.value.to_le_bytes());
        to.write_all(&bytes)
    }

    fn read(from: &mut PipeReader) -> io::Result<Self> {
        let mut bytes = [0_u8; 16];
        from.read_exact(&mut bytes)?;
        let [id, value] = [0, 8].map(|at| {
            let mut part = [0; 8];
            part.copy_from_slice(&bytes[at..at + 8]);
            i64::from_le_bytes(part)
        });
        Ok(Message { id, value })
    }
}

struct Results {
    pipe: PipeReader,
    arrived: HashMap<i64, i64>,
}

impl Results {
    fn wait_for(&mut self, id: i64) -> io::Result<i64> {
        loop {
            if let Some(value) = self.arrived.remove(&id) {
                return Ok(value);
            }
            let message = Message::read(&mut self.pipe)?;
            self.arrived.insert(message.id, message.value);
        }
    }
}

pub struct Pool {
    tasks: Option<PipeWriter>,
    results: Rc<RefCell<Results>>,
    workers: Vec<Pid>,
    next_id: i64,
}

pub struct Handle {
    id: i64,
    // not an Rc: a handle should not keep a whole pool alive
    results: Weak<RefCell<Results>>,
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let (mut task_reader, task_writer) = io::pipe()?;
        let (result_reader, mut result_writer) = io::pipe()?;
        let mut pids = Vec::with_capacity(workers);
        for _ in 0..workers {
            // SAFETY: called with one thread
            let fork = unsafe { fork() }?;
            let ForkResult::Parent { child } = fork else {
                drop(task_writer);
                drop(result_reader);
                while let Ok(Message { id, value }) = Message::read(&mut task_reader) {
                    let result = Message { id, value: task(value) };
                    if result.write(&mut result_writer).is_err() {
                        process::exit(1);
                    }
                }
                process::exit(0);
            };
            pids.push(child);
        }
        Ok(Pool {
            tasks: Some(task_writer),
            results: Rc::new(RefCell::new(Results {
                pipe: result_reader,
                arrived: HashMap::new(),
            })),
            workers: pids,
            next_id: 0,
        })
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        match self.tasks.as_mut() {
            Some(tasks) => {
                let id = self.next_id;
                self.next_id += 1;
                Message { id, value: input }.write(tasks)?;
                Ok(Handle { id, results: Rc::downgrade(&self.results) })
            }
            None => Err(io::Error::new(io::ErrorKind::NotConnected, "closed")),
        }
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.tasks = None;
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        for pid in self.workers.drain(..) {
            loop {
                match waitpid(pid, None) {
                    Err(Errno::EINTR) => continue,
                    Err(error) => return Err(error.into()),
                    Ok(_) => break,
                }
            }
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        match self.results.upgrade() {
            Some(results) => results.borrow_mut().wait_for(self.id),
            None => Err(io::Error::other("the pool is gone")),
        }
    }
}
