//! As near to C as it gets: raw fork, waitid with siginfo, raw pthreads.

use std::ffi::c_void;
use std::fmt;
use std::io::{self, Write};
use std::mem::{MaybeUninit, forget};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Panicked,
    Exited(i32),
    Killed(i32),
}

const NAMES: [(i32, &str); 7] = [
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGTERM, "SIGTERM"),
];

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            End::Finished => "finished".to_string(),
            End::Panicked => "panicked".to_string(),
            End::Exited(status) => format!("exited with {status}"),
            End::Killed(signal) => match NAMES.iter().find(|(number, _)| *number == signal) {
                Some((_, name)) => format!("killed by {name}"),
                None => format!("killed by signal {signal}"),
            },
        };
        f.pad(&text)
    }
}

/// Whether it panicked. The payload is leaked: dropping it runs foreign code, which may panic too.
fn panics(task: impl FnOnce()) -> bool {
    match catch_unwind(AssertUnwindSafe(task)) {
        Ok(()) => false,
        Err(payload) => {
            forget(payload);
            true
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    let _ = io::stdout().flush();
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => return Err(io::Error::last_os_error()),
        0 => {
            let status = if panics(task) { 101 } else { 0 };
            unsafe { libc::_exit(status) }
        }
        _ => {}
    }
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        let done = unsafe {
            libc::waitid(libc::P_PID, pid as libc::id_t, info.as_mut_ptr(), libc::WEXITED)
        };
        if done == 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINTR) {
            return Err(error);
        }
    }
    let info = unsafe { info.assume_init() };
    let number = unsafe { info.si_status() };
    Ok(match (info.si_code, number) {
        (libc::CLD_EXITED, 0) => End::Finished,
        (libc::CLD_EXITED, 101) => End::Panicked,
        (libc::CLD_EXITED, status) => End::Exited(status),
        (_, signal) => End::Killed(signal),
    })
}

struct Job<F> {
    task: Option<F>,
    panicked: bool,
}

extern "C" fn body<F: FnOnce() + Send>(job: *mut c_void) -> *mut c_void {
    // SAFETY: whoever started this thread waits for it, and does not look before.
    let job = unsafe { &mut *job.cast::<Job<F>>() };
    if let Some(task) = job.task.take() {
        job.panicked = panics(task);
    }
    ptr::null_mut()
}

fn run<F: FnOnce() + Send>(task: F) -> io::Result<End> {
    let mut job = Job { task: Some(task), panicked: false };
    let mut thread = MaybeUninit::uninit();
    unsafe {
        match libc::pthread_create(
            thread.as_mut_ptr(),
            ptr::null(),
            body::<F>,
            (&raw mut job).cast(),
        ) {
            0 => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
        match libc::pthread_join(thread.assume_init(), ptr::null_mut()) {
            0 => {}
            error => return Err(io::Error::from_raw_os_error(error)),
        }
    }
    Ok(if job.panicked { End::Panicked } else { End::Finished })
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    run(task)
}
