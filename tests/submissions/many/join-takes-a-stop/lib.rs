use std::io;

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

struct Child {
    name: String,
    pid: i32,
    code: Option<i32>,
}

pub struct Children {
    children: Vec<Child>,
}

fn code_of(status: i32) -> i32 {
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { -libc::WTERMSIG(status) }
}

fn waitpid(pid: i32, options: i32) -> io::Result<Option<i32>> {
    let mut status = 0;
    loop {
        // SAFETY: status can be written.
        match unsafe { libc::waitpid(pid, &mut status, options) } {
            0 => return Ok(None),
            -1 => {
                let e = io::Error::last_os_error();
                if e.kind() != io::ErrorKind::Interrupted {
                    return Err(e);
                }
            }
            _ => return Ok(Some(code_of(status))),
        }
    }
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children = Vec::new();
        for task in tasks {
            // SAFETY: one thread.
            match unsafe { libc::fork() } {
                -1 => return Err(io::Error::last_os_error()),
                0 => unsafe { libc::_exit((task.work)()) },
                pid => children.push(Child { name: task.name, pid, code: None }),
            }
        }
        Ok(Children { children })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for child in &mut self.children {
            if child.code.is_none() {
                child.code = waitpid(child.pid, libc::WNOHANG)?;
            }
            if child.code.is_none() {
                names.push(child.name.clone());
            }
        }
        Ok(names)
    }

    pub fn join_all(self) -> io::Result<Vec<i32>> {
        let mut codes = Vec::new();
        for child in self.children {
            let code = match child.code {
                Some(code) => code,
                None => waitpid(child.pid, libc::WUNTRACED)?.unwrap_or(0),
            };
            codes.push(code);
        }
        Ok(codes)
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
