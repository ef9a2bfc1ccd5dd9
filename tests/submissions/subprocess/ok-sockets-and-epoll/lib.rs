use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// `cannot run "x": ...`
trait Blame<T> {
    fn blame(self, program: &Path) -> io::Result<T>;
}

impl<T> Blame<T> for io::Result<T> {
    fn blame(self, program: &Path) -> io::Result<T> {
        self.map_err(|e| io::Error::new(e.kind(), format!("cannot run {}: {e}", program.display())))
    }
}

fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|s| -s)).expect("it has ended")
}

pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    Command::new(program).args(arguments).status().map(code).blame(program)
}

enum Job<'a> {
    /// What is still to be written.
    Feed(UnixStream, &'a [u8]),
    Collect(UnixStream, Vec<u8>),
    Done(Vec<u8>),
}

impl Job<'_> {
    /// Goes on until it would sleep. Edge-triggered, so it has to.
    fn go_on(&mut self) {
        loop {
            let went = match self {
                Job::Done(_) => return,
                Job::Feed(_, []) => Ok(0),
                Job::Feed(to, rest) => to.write(rest).inspect(|&n| *rest = &rest[n..]),
                Job::Collect(from, into) => {
                    let mut piece = [0; 16 * 1024];
                    from.read(&mut piece).inspect(|&n| into.extend_from_slice(&piece[..n]))
                }
            };
            match went {
                Ok(1..) => {}
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return,
                // the end of it, or nobody is there who would read
                Ok(0) | Err(_) => {
                    let got = match self {
                        Job::Feed(to, _) => {
                            let _ = to.shutdown(Shutdown::Both);
                            Vec::new()
                        }
                        Job::Collect(_, into) => std::mem::take(into),
                        Job::Done(_) => unreachable!(),
                    };
                    *self = Job::Done(got);
                }
            }
        }
    }
}

pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    // everything that may be refused comes before there is a process
    let prepare = || -> io::Result<_> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let mut theirs: Vec<Stdio> = Vec::new();
        let mut ours = Vec::new();
        for number in 0..3 {
            let (our, their) = UnixStream::pair()?;
            our.set_nonblocking(true)?;
            let flags = if number == 0 { EpollFlags::EPOLLOUT } else { EpollFlags::EPOLLIN };
            epoll.add(&our, EpollEvent::new(flags | EpollFlags::EPOLLET, number))?;
            ours.push(our);
            theirs.push(OwnedFd::from(their).into());
        }
        Ok((epoll, ours, theirs))
    };
    let (epoll, mut ours, mut theirs) = prepare().blame(program)?;
    let mut command = Command::new(program);
    command.args(arguments);
    command
        .stderr(theirs.pop().unwrap())
        .stdout(theirs.pop().unwrap())
        .stdin(theirs.pop().unwrap());
    let mut child = command.spawn().blame(program)?;
    drop(command); // it holds the other ends

    let (err, out) = (ours.pop().unwrap(), ours.pop().unwrap());
    let mut jobs = [
        Job::Feed(ours.pop().unwrap(), input),
        Job::Collect(out, Vec::new()),
        Job::Collect(err, Vec::new()),
    ];
    let mut events = [EpollEvent::empty(); 3];
    for job in &mut jobs {
        job.go_on();
    }
    while !jobs.iter().all(|job| matches!(job, Job::Done(_))) {
        match epoll.wait(&mut events, EpollTimeout::NONE) {
            Ok(count) => events[..count].iter().for_each(|e| jobs[e.data() as usize].go_on()),
            Err(Errno::EINTR) => {}
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error.into());
            }
        }
    }
    let code = code(child.wait()?);
    let [_, Job::Done(stdout), Job::Done(stderr)] = jobs else { unreachable!() };
    Ok(Finished { code, stdout, stderr })
}
