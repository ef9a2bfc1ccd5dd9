use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, mpsc};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Panicked,
    Exited(i32),
    Killed(i32),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            End::Finished => write!(f, "finished"),
            End::Panicked => write!(f, "panicked"),
            End::Exited(status) => write!(f, "exited with {status}"),
            End::Killed(libc::SIGABRT) => write!(f, "killed by SIGABRT"),
            End::Killed(libc::SIGBUS) => write!(f, "killed by SIGBUS"),
            End::Killed(libc::SIGFPE) => write!(f, "killed by SIGFPE"),
            End::Killed(libc::SIGILL) => write!(f, "killed by SIGILL"),
            End::Killed(libc::SIGKILL) => write!(f, "killed by SIGKILL"),
            End::Killed(libc::SIGSEGV) => write!(f, "killed by SIGSEGV"),
            End::Killed(libc::SIGTERM) => write!(f, "killed by SIGTERM"),
            End::Killed(signal) => write!(f, "killed by signal {signal}"),
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        let status = match catch_unwind(AssertUnwindSafe(task)) {
            Ok(()) => 0,
            Err(_) => 101,
        };
        unsafe { libc::_exit(status) };
    }
    let mut status = 0;
    while unsafe { libc::waitpid(pid, &mut status, 0) } != pid {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    if libc::WIFSIGNALED(status) {
        return Ok(End::Killed(libc::WTERMSIG(status)));
    }
    match libc::WEXITSTATUS(status) {
        0 => Ok(End::Finished),
        101 => Ok(End::Panicked),
        other => Ok(End::Exited(other)),
    }
}

type Job = Box<dyn FnOnce() + Send + 'static>;

static WORKER: Mutex<Option<mpsc::Sender<(Job, mpsc::Sender<End>)>>> = Mutex::new(None);

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    let job: Box<dyn FnOnce() + Send + '_> = Box::new(task);
    // SAFETY: the answer comes when the job is done.
    let job: Job = unsafe { std::mem::transmute(job) };
    let mut worker = WORKER.lock().unwrap();
    if worker.is_none() {
        let (sender, jobs) = mpsc::channel::<(Job, mpsc::Sender<End>)>();
        thread::Builder::new().name("worker".into()).spawn(move || {
            for (job, answer) in jobs {
                let end = match catch_unwind(AssertUnwindSafe(job)) {
                    Ok(()) => End::Finished,
                    Err(_) => End::Panicked,
                };
                let _ = answer.send(end);
            }
        })?;
        *worker = Some(sender);
    }
    let (sender, answer) = mpsc::channel();
    worker.as_ref().unwrap().send((job, sender)).unwrap();
    drop(worker);
    Ok(answer.recv().unwrap())
}
