//! A pool on two message queues of System V, whose messages have types: those of results are the numbers of tasks.

use std::io;
use std::rc::Rc;

#[repr(C)]
struct Msg {
    mtype: libc::c_long,
    value: i64,
}

const STOP: libc::c_long = libc::c_long::MAX;

struct Queue(libc::c_int);

impl Queue {
    fn new() -> io::Result<Queue> {
        let id = unsafe { libc::msgget(libc::IPC_PRIVATE, libc::IPC_CREAT | 0o600) };
        if id < 0 { Err(io::Error::last_os_error()) } else { Ok(Queue(id)) }
    }

    fn put(&self, mtype: libc::c_long, value: i64) -> io::Result<()> {
        let msg = Msg { mtype, value };
        loop {
            let rc = unsafe { libc::msgsnd(self.0, (&raw const msg).cast(), 8, 0) };
            if rc == 0 {
                return Ok(());
            }
            let e = io::Error::last_os_error();
            if e.raw_os_error() != Some(libc::EINTR) {
                return Err(e);
            }
        }
    }

    // which == 0: the oldest, of whatever type
    fn take(&self, which: libc::c_long) -> io::Result<Msg> {
        let mut msg = Msg { mtype: 0, value: 0 };
        loop {
            let n = unsafe { libc::msgrcv(self.0, (&raw mut msg).cast(), 8, which, 0) };
            if n == 8 {
                return Ok(msg);
            }
            if n >= 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let e = io::Error::last_os_error();
            if e.raw_os_error() != Some(libc::EINTR) {
                return Err(e);
            }
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        unsafe { libc::msgctl(self.0, libc::IPC_RMID, std::ptr::null_mut()) };
    }
}

pub struct Pool {
    tasks: Queue,
    results: Rc<Queue>,
    pids: Vec<libc::pid_t>,
    next: libc::c_long,
    open: bool,
}

pub struct Handle {
    results: Rc<Queue>,
    number: libc::c_long,
}

fn worker(tasks: &Queue, results: &Queue, task: &impl Fn(i64) -> i64) -> i32 {
    loop {
        let Ok(msg) = tasks.take(0) else { return 1 };
        if msg.mtype == STOP {
            return 0;
        }
        let result = task(msg.value);
        if results.put(msg.mtype, result).is_err() {
            return 1;
        }
    }
}

impl Pool {
    pub fn new(workers: usize, task: impl Fn(i64) -> i64) -> io::Result<Pool> {
        let mut pool = Pool {
            tasks: Queue::new()?,
            results: Rc::new(Queue::new()?),
            pids: Vec::with_capacity(workers),
            next: 1,
            open: true,
        };
        for _ in 0..workers {
            match unsafe { libc::fork() } {
                -1 => {
                    let e = io::Error::last_os_error();
                    let _ = pool.close();
                    let _ = pool.join();
                    return Err(e);
                }
                0 => {
                    // no destructor may run here: it would remove the queues of everybody
                    let rc = worker(&pool.tasks, &pool.results, &task);
                    unsafe { libc::_exit(rc) }
                }
                pid => pool.pids.push(pid),
            }
        }
        Ok(pool)
    }

    pub fn submit(&mut self, input: i64) -> io::Result<Handle> {
        if !self.open {
            return Err(io::Error::other("the pool is closed"));
        }
        let number = self.next;
        self.tasks.put(number, input)?;
        self.next += 1;
        Ok(Handle { results: Rc::clone(&self.results), number })
    }

    pub fn close(&mut self) -> io::Result<()> {
        self.open = false;
        for _ in 0..self.pids.len() {
            self.tasks.put(STOP, 0)?;
        }
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        for pid in self.pids.drain(..) {
            loop {
                if unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) } == pid {
                    break;
                }
                let e = io::Error::last_os_error();
                if e.raw_os_error() != Some(libc::EINTR) {
                    return Err(e);
                }
            }
        }
        Ok(())
    }
}

impl Handle {
    pub fn get(self) -> io::Result<i64> {
        Ok(self.results.take(self.number)?.value)
    }
}
