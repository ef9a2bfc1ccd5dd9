#![expect(unsafe_code, reason = "fork, and what a child may do before exec")]

use std::ffi::{CString, NulError};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork, pipe2};
use thiserror::Error;

use crate::Step;

pub use nix::unistd::Pid;

/// A program with its arguments and its whole environment.
#[derive(Clone, Debug)]
pub struct Command {
    program: PathBuf,
    path: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

impl Command {
    /// `arguments` come after the program's own name; `environment` is all there is of it.
    pub fn new<'a>(
        program: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, LaunchError> {
        let path = c_string(program.as_os_str().as_encoded_bytes())?;
        let rest = arguments.into_iter().map(|argument| c_string(argument.as_bytes()));
        let arguments = std::iter::once(Ok(path.clone())).chain(rest).collect::<Result<_, _>>()?;
        let environment = environment
            .into_iter()
            .map(|(name, value)| c_string(format!("{name}={value}").as_bytes()))
            .collect::<Result<_, _>>()?;
        Ok(Self { program: program.to_owned(), path, arguments, environment })
    }
}

/// The three descriptors that the program gets; it gets no others.
#[derive(Debug)]
pub struct Stdio {
    /// Descriptor 0.
    pub input: OwnedFd,
    /// Descriptor 1.
    pub output: OwnedFd,
    /// Descriptor 2.
    pub error: OwnedFd,
}

/// Why a program could not be started.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// An argument, a name or a path holds a NUL byte.
    #[error("a NUL byte in the path, an argument or the environment of the program")]
    Nul(#[from] NulError),
    /// The host has no process or pipe to give.
    #[error("cannot {action}: {source}; is the host short of processes or descriptors?")]
    Host {
        /// What was tried.
        action: &'static str,
        /// What the kernel said.
        source: Errno,
    },
    /// The child could not do one of its steps.
    #[error("the child could not {step}: {source}")]
    Step {
        /// What was tried.
        step: String,
        /// What the kernel said.
        source: Errno,
    },
    /// The program itself cannot be executed.
    #[error("cannot execute {program}: {source}")]
    Execute {
        /// Which program.
        program: PathBuf,
        /// What the kernel said.
        source: Errno,
    },
}

/// A child that has done its steps and waits just before `execve`.
///
/// Dropped without [`resume`](Self::resume), it ends without executing anything
/// and is reaped.
#[derive(Debug)]
pub struct Suspended {
    pid: Pid,
    command: Command,
    steps: Vec<Step>,
    go: Option<File>,
    failure: File,
}

impl Suspended {
    /// The child, as the caller sees it.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Lets the child execute the program; returns once it does.
    ///
    /// The caller owns the child from here on: it has to wait for it, also when
    /// this fails.
    pub fn resume(mut self) -> Result<Pid, LaunchError> {
        let mut go = self.go.take().expect("the gate is open only once");
        // A child that died at a step has closed its end: the report below says why.
        let _ = go.write_all(&[1]);
        drop(go);
        let mut report = [0; 8];
        match self.failure.read_exact(&mut report) {
            Err(_) => Ok(self.pid),
            Ok(()) => Err(self.explain(report)),
        }
    }

    fn explain(&self, report: [u8; 8]) -> LaunchError {
        let [a, b, c, d, e, f, g, h] = report;
        let index = u32::from_ne_bytes([a, b, c, d]) as usize;
        let source = Errno::from_raw(i32::from_ne_bytes([e, f, g, h]));
        match self.steps.get(index) {
            Some(step) => LaunchError::Step { step: step.describe(), source },
            None => LaunchError::Execute { program: self.command.program.clone(), source },
        }
    }
}

impl Drop for Suspended {
    fn drop(&mut self) {
        if self.go.take().is_some() {
            let _ = waitpid(self.pid, None);
        }
    }
}

/// Forks a child that performs `steps` in order and then waits to be resumed.
///
/// A step that fails is reported by [`Suspended::resume`].
pub fn suspend(
    command: Command,
    stdio: &Stdio,
    steps: Vec<Step>,
) -> Result<Suspended, LaunchError> {
    let pipe = || {
        pipe2(OFlag::O_CLOEXEC)
            .map_err(|source| LaunchError::Host { action: "make a pipe", source })
    };
    let (gate, go) = pipe()?;
    let (failure, report) = pipe()?;
    let child = Child {
        path: &command.path,
        arguments: pointers(&command.arguments),
        environment: pointers(&command.environment),
        stdio: [stdio.input.as_raw_fd(), stdio.output.as_raw_fd(), stdio.error.as_raw_fd()],
        steps: &steps,
        gate: gate.as_raw_fd(),
        go: go.as_raw_fd(),
        report: report.as_raw_fd(),
    };
    // SAFETY: the child only performs system calls on memory prepared above.
    let forked =
        unsafe { fork() }.map_err(|source| LaunchError::Host { action: "fork", source })?;
    match forked {
        ForkResult::Child => child.become_program(),
        ForkResult::Parent { child: pid } => {
            drop(report);
            Ok(Suspended { pid, command, steps, go: Some(go.into()), failure: failure.into() })
        }
    }
}

/// Where the child keeps the two pipes to its parent while it waits.
const GATE: RawFd = 3;
const REPORT: RawFd = 4;

/// What the child needs, all of it prepared before the fork.
struct Child<'a> {
    path: &'a CString,
    arguments: Vec<*const libc::c_char>,
    environment: Vec<*const libc::c_char>,
    stdio: [RawFd; 3],
    steps: &'a [Step],
    gate: RawFd,
    go: RawFd,
    report: RawFd,
}

impl Child<'_> {
    fn become_program(mut self) -> ! {
        // SAFETY: system calls only, on descriptors and pointers that outlive the call.
        unsafe {
            libc::close(self.go);
            for (index, step) in (0u32..).zip(self.steps) {
                if let Err(error) = step.perform() {
                    self.fail(index, error);
                }
            }
            // Before the wait: a child that waits must not hold pipes of its siblings.
            self.take_descriptors();
            let mut byte = 0u8;
            if libc::read(GATE, (&raw mut byte).cast(), 1) != 1 {
                libc::_exit(127);
            }
            reset_signals();
            libc::execve(self.path.as_ptr(), self.arguments.as_ptr(), self.environment.as_ptr());
        }
        self.fail(u32::MAX, Errno::last())
    }

    /// Puts the three streams at 0, 1 and 2, the gate and the report above them,
    /// and closes everything else that came over from the parent.
    unsafe fn take_descriptors(&mut self) {
        let [input, output, error] = self.stdio;
        let from = [input, output, error, self.gate, self.report];
        // SAFETY: as in `become_program`. All are moved out of the way first, since
        // a source may itself be one of the targets.
        unsafe {
            let mut above = [0; 5];
            for (to, from) in above.iter_mut().zip(from) {
                *to = libc::fcntl(from, libc::F_DUPFD_CLOEXEC, REPORT + 1);
            }
            for (to, from) in (0..).zip(above) {
                let flags = if to < GATE { 0 } else { libc::O_CLOEXEC };
                if libc::dup3(from, to, flags) == -1 {
                    self.fail(u32::MAX, Errno::last());
                }
            }
            self.report = REPORT;
            libc::syscall(libc::SYS_close_range, REPORT + 1, u32::MAX, 0u32);
        }
    }

    fn fail(&self, index: u32, error: Errno) -> ! {
        let [a, b, c, d] = index.to_ne_bytes();
        let [e, f, g, h] = (error as i32).to_ne_bytes();
        let report = [a, b, c, d, e, f, g, h];
        // SAFETY: writes eight bytes from the stack and leaves without unwinding.
        unsafe {
            libc::write(self.report, report.as_ptr().cast(), report.len());
            libc::_exit(127)
        }
    }
}

/// The dispositions that every program expects: a Rust parent ignores SIGPIPE.
unsafe fn reset_signals() {
    // SAFETY: plain system calls on a local, initialised set.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

fn c_string(bytes: &[u8]) -> Result<CString, LaunchError> {
    Ok(CString::new(bytes)?)
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use nix::sys::wait::WaitStatus;

    use super::*;

    fn run(
        program: &str,
        arguments: &[&str],
        steps: Vec<Step>,
    ) -> (Result<Pid, LaunchError>, String) {
        let command =
            Command::new(Path::new(program), arguments.iter().copied(), [("A", "b")]).unwrap();
        let (read, write) = pipe2(OFlag::O_CLOEXEC).unwrap();
        let stdio = Stdio {
            input: File::open("/dev/null").unwrap().into(),
            error: write.try_clone().unwrap(),
            output: write,
        };
        let suspended = suspend(command, &stdio, steps).unwrap();
        drop(stdio);
        let pid = suspended.pid();
        let result = suspended.resume();
        let mut text = String::new();
        File::from(read).read_to_string(&mut text).unwrap();
        let status = waitpid(pid, None).unwrap();
        assert!(matches!(status, WaitStatus::Exited(..)), "{status:?}");
        (result, text)
    }

    #[test]
    fn the_program_gets_its_arguments_and_only_the_given_environment() {
        let (result, text) = run("/bin/sh", &["-c", "echo $0 $A $HOME", "x"], vec![]);
        assert!(result.is_ok());
        assert_eq!(text, "x b\n");
    }

    #[test]
    fn the_program_has_no_descriptors_beyond_the_three() {
        let (_, text) = run("/bin/sh", &["-c", "echo /proc/self/fd/*"], vec![]);
        let open = text.split_whitespace().count();
        // The shell's own glob holds one descriptor open.
        assert!(open <= 4, "{text}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let (result, _) = run("/no/such", &[], vec![]);
        assert_eq!(
            result.unwrap_err().to_string(),
            "cannot execute /no/such: ENOENT: No such file or directory"
        );
    }

    #[test]
    fn a_step_that_fails_is_named() {
        let step = Step::Directory(c"/no/such".to_owned());
        let (result, _) = run("/bin/true", &[], vec![step]);
        let error = result.unwrap_err().to_string();
        assert!(
            error.starts_with("the child could not enter the directory /no/such: ENOENT"),
            "{error}"
        );
    }

    #[test]
    fn a_suspended_child_holds_no_pipe_of_its_parent() {
        let command = Command::new(Path::new("/bin/true"), [], []).unwrap();
        let null = || OwnedFd::from(File::open("/dev/null").unwrap());
        let stdio = Stdio { input: null(), output: null(), error: null() };
        let (read, write) = pipe2(OFlag::O_CLOEXEC).unwrap();
        let suspended = suspend(command, &stdio, vec![]).unwrap();
        drop(write);
        // Ends only once the child has let go of the write end, while it still waits.
        let mut text = String::new();
        File::from(read).read_to_string(&mut text).unwrap();
        assert_eq!(text, "");
        drop(suspended);
    }

    #[test]
    fn a_child_that_is_never_resumed_executes_nothing_and_is_reaped() {
        let command = Command::new(Path::new("/bin/true"), [], []).unwrap();
        let null = || OwnedFd::from(File::open("/dev/null").unwrap());
        let stdio = Stdio { input: null(), output: null(), error: null() };
        let suspended = suspend(command, &stdio, vec![]).unwrap();
        let pid = suspended.pid();
        drop(suspended);
        assert_eq!(waitpid(pid, None), Err(Errno::ECHILD));
    }
}
