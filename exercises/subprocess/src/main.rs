//! Runs other programs. They are played by this program itself, so that none has to be installed.
//!
//!     cargo run -p subprocess -- --do call --play exit --status 3
//!     cargo run -p subprocess -- --do communicate --play mirror --bytes 200000
//!
//! Parts: `exit` ends with `--status` (below 0: by that signal), `mirror` copies its input to both
//! outputs, `count` counts it, `flood` writes before it reads, `deaf` does not read, `scorn` closes
//! its input and writes then, `echo` writes `--words` to both outputs, `linger` closes both, sends
//! its waiting caller signals before and after, reads as many bytes as `--words` says, and is stopped
//! for a while before it ends, `files` says which files its input and outputs are. With `--program`
//! another program is run; with `--times` it is run so often, with less and less input, and what
//! came of the last run is told. With `--scarce 1` it has been tried before with few descriptors
//! that could be opened. With `--refused 1` it is tried what the system refuses. With `--other 77`
//! the caller has another child, which has ended with that status.

use std::env::current_exe;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::exit;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::stat::fstat;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Arguments, event, stop_for_a_while, until_asleep};
use subprocess::{Finished, call, communicate};

/// How often `linger` looks whether its caller sleeps: long enough to be met by whoever ends
/// a program because it has nothing more to say.
const LOOKS: usize = 1_000;

/// More than a pipe holds, twice.
const FLOOD: usize = 150_000;

/// The status of `linger` if it did not find its input whole.
const NOT_ALL: i32 = 44;

/// More bytes than Linux takes in one argument of a program, and in a path by far.
const TOO_LONG: usize = 200_000;

/// More descriptors than a call needs.
const ENOUGH: u64 = 10;

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "do", "play", "program", "status", "bytes", "words", "times", "scarce", "refused", "other",
    ]);
    let part = arguments.get("play", "exit".to_owned());
    let status = arguments.get("status", 0);
    let bytes = arguments.get("bytes", 100);
    let program = arguments.get("program", PathBuf::new());
    let program = if program.as_os_str().is_empty() { current_exe()? } else { program };
    let status_text = status.to_string();
    let text = arguments.get("words", String::new());
    let times = arguments.get("times", 1);
    let words =
        ["--play", part.as_str(), "--status", status_text.as_str(), "--words", text.as_str()];

    let what = arguments.get("do", String::new());
    if !["call", "communicate"].contains(&what.as_str()) {
        return play(&part, status, &text);
    }
    be_interrupted()?;
    if arguments.get("refused", 0) != 0 {
        return refused(&what);
    }
    let other = arguments.get("other", 0);
    let other = if other > 0 { Some((ended_child(other)?, other)) } else { None };
    let before = open_descriptors();
    if arguments.get("scarce", 0) != 0 {
        (0..ENOUGH)
            .try_for_each(|some| with_few_descriptors(some, || run(&what, &program, &words)))?;
    }
    let input: Vec<u8> = (0..bytes).map(|index: usize| (index * 7 % 251) as u8).collect();
    let had = files("had")?;
    for time in 1..=times {
        let outcome = if what == "call" {
            call(&program, &words).map(|code| format!("code={code} {had}"))
        } else {
            let input = &input[..input.len() / time];
            let done = communicate(&program, &words, input);
            done.map(|finished| judge(&finished, &part, input, &text))
        };
        if time == times {
            tell(outcome, &program, "program");
        }
    }
    event("main", format_args!("descriptors={before},{}", open_descriptors()));
    if let Some((other, status)) = other {
        let left = waitpid(other, None) == Ok(WaitStatus::Exited(other, status));
        event("main", format_args!("other={}", if left { "left" } else { "taken" }));
    }
    Ok(())
}

/// A child that has ended with `status`, and that nobody has waited for.
fn ended_child(status: i32) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(status),
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
}

/// From now on a signal ends every call that it interrupts, and nothing else.
fn be_interrupted() -> io::Result<()> {
    extern "C" fn ignore(_: libc::c_int) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}

fn run(what: &str, program: &Path, words: &[&str]) -> io::Result<String> {
    let code = match what {
        "call" => call(program, words),
        _ => communicate(program, words, b"input").map(|finished| finished.code),
    };
    code.map(|code| format!("code={code}"))
}

/// Tries what no system runs, each for another reason.
fn refused(what: &str) -> io::Result<()> {
    let this = current_exe()?;
    // Bytes of no UTF-8 text, of which a path may consist.
    let odd = PathBuf::from(OsString::from_vec(b"/\xff\xff\xff\xff".repeat(400)));
    let (long_path, long_word) = ("/x".repeat(TOO_LONG / 2), "x".repeat(TOO_LONG));
    for (case, program, word) in [
        ("folder", Path::new("/"), ""),
        ("through-a-file", Path::new("/dev/null/program"), ""),
        ("long-path", Path::new(&long_path), ""),
        ("odd-path", &odd, ""),
        ("long-argument", &this, &long_word),
        ("nul-in-an-argument", &this, "a\0b"),
    ] {
        tell(run(what, program, &["--words", word]), program, case);
    }
    Ok(())
}

/// Does `job`, whatever comes of it, while this process may open only `some` more descriptors.
fn with_few_descriptors<T>(some: u64, job: impl FnOnce() -> T) -> io::Result<()> {
    let next = io::stdin().as_fd().try_clone_to_owned()?.as_raw_fd();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limits live long enough.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        let few = libc::rlimit { rlim_cur: next as u64 + some, ..limit };
        libc::setrlimit(libc::RLIMIT_NOFILE, &few);
    }
    job();
    // SAFETY: the limit lives long enough.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    Ok(())
}

fn tell(outcome: io::Result<String>, program: &Path, case: &str) {
    match outcome {
        Ok(said) => event("main", said),
        Err(error) => {
            // By its path, or by the last part of that.
            let name = program.file_name().unwrap_or(program.as_os_str());
            let named = error.to_string().contains(&*name.to_string_lossy());
            event("main", format_args!("error case={case} kind={:?} named={named}", error.kind()));
            let said = error.to_string().chars().take(200).collect::<String>();
            eprintln!("the error says: {said}");
        }
    }
}

/// What the part should have written, beside what came.
fn judge(finished: &Finished, part: &str, input: &[u8], text: &str) -> String {
    let (stdout, stderr) = match part {
        "mirror" => (input.to_vec(), inverted(input)),
        "count" => (input.len().to_string().into_bytes(), Vec::new()),
        "flood" | "scorn" => (vec![b'o'; FLOOD], vec![b'e'; FLOOD]),
        "echo" => (text.as_bytes().to_vec(), text.as_bytes().to_vec()),
        _ => (Vec::new(), Vec::new()),
    };
    let compare = |expected: &[u8], seen: &[u8]| match expected == seen {
        true => "whole".to_owned(),
        false => format!("{}-bytes-of-{}", seen.len(), expected.len()),
    };
    format!(
        "code={} stdout={} stderr={}",
        finished.code,
        compare(&stdout, &finished.stdout),
        compare(&stderr, &finished.stderr)
    )
}

/// Which files this process has as its input and outputs, by their numbers.
fn files(name: &str) -> io::Result<String> {
    let number =
        |file: BorrowedFd| fstat(file).map(|file| format!("{}:{}", file.st_dev, file.st_ino));
    let [stdin, stdout, stderr] = [
        number(io::stdin().as_fd())?,
        number(io::stdout().as_fd())?,
        number(io::stderr().as_fd())?,
    ];
    Ok(format!("{name}={stdin},{stdout},{stderr}"))
}

/// How many descriptors this process has open.
fn open_descriptors() -> usize {
    // SAFETY: the call looks at a number, whether it is that of an open descriptor or not.
    let is_open = |number: &i32| unsafe { libc::fcntl(*number, libc::F_GETFD) } >= 0;
    (0..1024).filter(is_open).count()
}

fn inverted(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| !byte).collect()
}

/// Sends the caller, who waits, a signal that is no reason to wait no longer.
fn interrupt_sleep(caller: i32) {
    for _ in 0..3 {
        until_asleep(caller);
        let _ = kill(Pid::from_raw(caller), Signal::SIGUSR1);
    }
}

/// What this program does as another program.
fn play(part: &str, status: i32, text: &str) -> io::Result<()> {
    let (mut stdin, mut stdout, mut stderr) = (io::stdin(), io::stdout(), io::stderr());
    match part {
        "mirror" => {
            let mut piece = [0; 4096];
            loop {
                let read = stdin.read(&mut piece)?;
                if read == 0 {
                    break;
                }
                stdout.write_all(&piece[..read])?;
                stderr.write_all(&inverted(&piece[..read]))?;
            }
        }
        "count" => {
            let count = io::copy(&mut stdin, &mut io::sink())?;
            write!(stdout, "{count}")?;
        }
        "scorn" => {
            // SAFETY: nobody reads from this descriptor afterwards.
            unsafe { libc::close(libc::STDIN_FILENO) };
            stderr.write_all(&[b'e'; FLOOD])?;
            stdout.write_all(&[b'o'; FLOOD])?;
        }
        "flood" => {
            stderr.write_all(&[b'e'; FLOOD])?;
            stdout.write_all(&[b'o'; FLOOD])?;
            io::copy(&mut stdin, &mut io::sink())?;
        }
        "linger" => {
            // SAFETY: the call cannot fail, and has no conditions.
            let caller = unsafe { libc::getppid() };
            interrupt_sleep(caller);
            for descriptor in [libc::STDOUT_FILENO, libc::STDERR_FILENO] {
                // SAFETY: nobody writes to these descriptors afterwards.
                unsafe { libc::close(descriptor) };
            }
            (0..LOOKS).for_each(|_| until_asleep(caller));
            interrupt_sleep(caller);
            if let Ok(bytes) = text.parse::<u64>()
                && io::copy(&mut stdin, &mut io::sink())? != bytes
            {
                exit(NOT_ALL);
            }
            until_asleep(caller);
            stop_for_a_while();
        }
        "files" => event("program", files("has")?),
        "echo" => {
            stdout.write_all(text.as_bytes())?;
            stderr.write_all(text.as_bytes())?;
        }
        // `exit` and `deaf` read nothing.
        _ => {}
    }
    stdout.flush()?;
    if status < 0 {
        // SAFETY: a process may send itself any signal.
        unsafe { libc::kill(libc::getpid(), -status) };
    }
    exit(status)
}
