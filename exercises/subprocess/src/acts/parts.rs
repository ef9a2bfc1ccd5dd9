//! What this program does as another program, and what its caller should have got.

use std::io::{self, Read, Write};
use std::process::exit;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stage::{event, stop_for_a_while, until_asleep};
use subprocess::Finished;

use super::caller::files;

/// How often `linger` looks whether its caller sleeps: long enough to be met by whoever ends
/// a program because it has nothing more to say.
const LOOKS: usize = 1_000;

/// More than a pipe holds, twice.
const FLOOD: usize = 150_000;

/// The status of `linger` if it did not find its input whole.
const NOT_ALL: i32 = 44;

/// What this program does as another program.
pub fn play(part: &str, status: i32, text: &str) -> io::Result<()> {
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

/// What the part should have written, beside what came.
pub fn judge(finished: &Finished, part: &str, input: &[u8], text: &str) -> String {
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

fn inverted(bytes: &[u8]) -> Vec<u8> {
    let mut inverted = bytes.to_vec();
    // Many at a time, for there are millions, and nothing is optimised here.
    let (words, rest) = inverted.as_chunks_mut::<16>();
    words.iter_mut().for_each(|word| *word = (!u128::from_ne_bytes(*word)).to_ne_bytes());
    rest.iter_mut().for_each(|byte| *byte = !*byte);
    inverted
}

/// Sends the caller, who waits, a signal that is no reason to wait no longer.
fn interrupt_sleep(caller: i32) {
    for _ in 0..3 {
        until_asleep(caller);
        let _ = kill(Pid::from_raw(caller), Signal::SIGUSR1);
    }
}
