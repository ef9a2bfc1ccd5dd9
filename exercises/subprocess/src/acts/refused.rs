//! Programs that cannot be run.

use std::env::current_exe;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use stage::with_limit;
use subprocess::{call, communicate};

use crate::tell;

/// More bytes than Linux takes in one argument of a program, and in a path by far.
const TOO_LONG: usize = 200_000;

/// More descriptors than a call needs.
const ENOUGH: u64 = 10;

pub fn scarce(what: &str, program: &Path, words: &[&str]) -> io::Result<()> {
    for some in 0..ENOUGH {
        // Standard input again, by the lowest number that is free.
        let next = io::stdin().as_fd().try_clone_to_owned()?.as_raw_fd() as u64;
        with_limit(libc::RLIMIT_NOFILE, next + some, || match run(what, program, words) {
            Ok(_) => {}
            failed => tell(failed, program, "scarce"),
        });
    }
    Ok(())
}

/// Tries what no system runs, each for another reason.
pub fn refused(what: &str) -> io::Result<()> {
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

fn run(what: &str, program: &Path, words: &[&str]) -> io::Result<String> {
    let code = match what {
        "call" => call(program, words),
        _ => communicate(program, words, b"input").map(|finished| finished.code),
    };
    code.map(|code| format!("code={code}"))
}
