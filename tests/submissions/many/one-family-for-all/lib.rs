use std::io;
use std::sync::Mutex;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

struct Entry {
    name: String,
    pid: Pid,
    code: Option<i32>,
}

static ALL: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

pub struct Children {}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        for task in tasks {
            match unsafe { fork() }? {
                ForkResult::Child => {
                    let code = (task.work)();
                    unsafe { libc::_exit(code) }
                }
                ForkResult::Parent { child } => {
                    ALL.lock().unwrap().push(Entry { name: task.name, pid: child, code: None })
                }
            }
        }
        Ok(Children {})
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in ALL.lock().unwrap().iter_mut() {
            look(entry, WaitPidFlag::WNOHANG)?;
            if entry.code.is_none() {
                names.push(entry.name.clone());
            }
        }
        Ok(names)
    }

    pub fn join_all(self) -> io::Result<Vec<i32>> {
        let mut codes = Vec::new();
        for entry in ALL.lock().unwrap().iter_mut() {
            look(entry, WaitPidFlag::empty())?;
            codes.extend(entry.code);
        }
        Ok(codes)
    }
}

fn look(entry: &mut Entry, flags: WaitPidFlag) -> io::Result<()> {
    if entry.code.is_none() {
        match waitpid(entry.pid, Some(flags))? {
            WaitStatus::Exited(_, code) => entry.code = Some(code),
            WaitStatus::Signaled(_, signal, _) => entry.code = Some(-(signal as i32)),
            _ => {}
        }
    }
    Ok(())
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
