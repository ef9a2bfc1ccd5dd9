//! Runs tasks that crash, and says what is left of the program.
//!
//!     cargo run -p isolation -- --place process --tasks return,panic,abort,segv,exit
//!     cargo run -p isolation -- --place thread --tasks return,panic
//!
//! Each task adds 1 to a counter and then ends as it is told to: `return`, `panic`, `abort`, `segv`,
//! `exit` (with `--status`), or by `--signal` as `signal`. Other tasks and arguments are for the
//! checks; what they ask for stands in `acts`.

mod acts;

use std::io;
use std::panic::resume_unwind;
use std::process::{abort, exit, id};
use std::ptr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use isolation::{in_process, in_thread};
use stage::{Arguments, Gate, event};

static COUNTER: AtomicI64 = AtomicI64::new(0);

/// Says so when it goes out of scope: where the child must never come.
struct Caller;

impl Drop for Caller {
    fn drop(&mut self) {
        event("caller", format_args!("pid={}", id()));
    }
}

/// What the caller wants to be done when its process ends, and no child's.
extern "C" fn say_goodbye() {
    event("goodbye", format_args!("pid={}", id()));
}

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["place", "tasks", "status", "signal", "other", "refuse"]);
    let tasks = arguments.list("tasks", vec!["return".to_owned(), "panic".to_owned()]);
    let process = arguments.get("place", "process".to_owned()) == "process";
    let (status, signal) = (arguments.get("status", 3), arguments.get("signal", libc::SIGTERM));

    let other = arguments.get("other", 0);
    let other = if other > 0 { Some(acts::ended_child(other)?) } else { None };

    if arguments.get("refuse", 0) != 0 {
        return acts::refused(process);
    }
    let _caller = Caller;
    // SAFETY: the function lives as long as the program.
    unsafe { libc::atexit(say_goodbye) };
    acts::be_interrupted()?;
    for (number, task) in (1..).zip(&tasks) {
        let over = Gate::new()?;
        let (hear, tell) = io::pipe()?;
        let work = || match task.as_str() {
            "silent" => {}
            "silent-panic" => resume_unwind(Box::new("told to panic")),
            "inner" => acts::has_one_that_panics(process),
            "background" => acts::starts_another(&over, &tell),
            "background-exit" => {
                acts::starts_another(&over, &tell);
                exit(0)
            }
            _ => perform(task, status, signal),
        };
        let silent = task.starts_with("silent");
        if silent {
            // Without the end of the line it is not out yet.
            print!("caller: speaks");
        }
        let end = if process { in_process(work)? } else { in_thread(work)? };
        if silent {
            println!();
        }
        acts::let_end(task, &over, &hear, tell)?;
        let counter = COUNTER.load(Ordering::SeqCst);
        event(format_args!("task-{number}"), format_args!("counter={counter} is={task}"));
        event(format_args!("end-{number}"), end);
    }
    if let Some(other) = other {
        acts::look_for(other);
    }
    Ok(())
}

/// Counts, says where it is, and ends in one of the ways.
fn perform(task: &str, status: i32, signal: i32) {
    let counter = COUNTER.fetch_add(1, Ordering::SeqCst) + 1;
    let first = thread::current().name() == Some("main");
    event("inside", format_args!("pid={} first-thread={first} counter={counter}", id()));
    match task {
        // Unwinds as a panic does, without the message.
        "panic" => resume_unwind(Box::new("told to panic")),
        "abort" => abort(),
        "segv" => touch_what_is_not_ours(),
        "exit" => exit(status),
        // SAFETY: a process may send itself any signal, and give up std's handler for some of them.
        "signal" => unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::kill(libc::getpid(), signal);
        },
        _ => acts::perform(task),
    }
}

/// Writes into a page of memory that may not be touched: the kernel answers with SIGSEGV.
fn touch_what_is_not_ours() {
    let (protection, kind) = (libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new page, which nothing refers to; the write never takes place.
    unsafe {
        let page = libc::mmap(ptr::null_mut(), 4096, protection, kind, -1, 0);
        page.cast::<u8>().write_volatile(1);
    }
}
