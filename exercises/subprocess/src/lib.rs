//! Other programs: run them, talk to them, and learn how they ended.
//!
//! This is the only file that you edit. `cargo test -p subprocess` judges it.

use std::io;
use std::path::Path;

/// What came of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code: its status if it exited, `-n` if signal `n` ended it (which is never a
    /// real-time signal).
    pub code: i32,
    /// All that it wrote to standard output.
    pub stdout: Vec<u8>,
    /// All that it wrote to standard error.
    pub stderr: Vec<u8>,
}

/// Runs the program at the path `program`, which has a `/` in it, with `arguments` as they are, and
/// returns its exit code when it has ended.
///
/// The program has the caller's standard input, output and error themselves. One that is stopped has
/// not ended. One process is created, and it is reaped; other children of the caller are left alone.
/// No descriptor of the caller's stays open that was not open before, and its signals are blocked,
/// ignored and handled as before, also after an error.
///
/// A signal that the caller handles meanwhile (`EINTR`) is no error. The caller has one thread.
///
/// # Errors
///
/// If the program cannot be run, for whatever reason, be it that a pipe is refused. The text of the
/// error names the program. Its kind is the system's: `NotFound` if there is no such file, for
/// instance. (For an argument with a NUL byte in it, of which the system never hears, any error will
/// do.) A path is bytes, and need not be text. (What becomes of a text file that may be executed, but
/// does not begin with `#!`, is left open.)
pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let _ = (program, arguments);
    todo!("run the program, wait for its end, decode its status")
}

/// Runs the program as [`call`] does, but writes `input` to its standard input and closes that, and
/// collects its output. Returns when the program has ended, by itself.
///
/// Input and outputs may be of any size, and the program may read and write in any order. One that
/// does not read all its input is no error. Threads may be created, but still only one process.
///
/// By which means input and outputs are connected is left open, and so is what happens if a program
/// hands them on to a process that outlives it.
///
/// # Errors
///
/// As for [`call`].
pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let _ = (program, arguments, input);
    todo!("write and read at the same time, then wait")
}
