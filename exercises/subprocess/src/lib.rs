//! Other programs: run them, talk to them, and learn how they ended.
//!
//! This is the only file that you edit. `cargo test -p subprocess` judges it.

use std::io;
use std::path::Path;

/// What came of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code: its status if it exited, `-n` if signal `n` ended it (no real-time signal).
    pub code: i32,
    /// All that it wrote to standard output.
    pub stdout: Vec<u8>,
    /// All that it wrote to standard error.
    pub stderr: Vec<u8>,
}

/// Runs the program at the path `program`, which has a `/` in it, with `arguments`, and returns its
/// exit code when it has ended.
///
/// The program has the caller's standard input, output and error themselves, and is reaped. No descriptor of
/// the caller's stays open that was not open before. One process is created.
///
/// A signal that the caller handles meanwhile (`EINTR`) is no error. The caller has one thread.
///
/// Errors if the program cannot be run, for whatever reason: the error's kind is the system's (`NotFound` if there is
/// no such file; any kind for an argument with a NUL byte in it, of which the system never hears), and its text names
/// the program. A path is bytes, and need not be text.
pub fn call(program: &Path, arguments: &[&str]) -> io::Result<i32> {
    let _ = (program, arguments);
    todo!("run the program, wait for its end, decode its status")
}

/// Runs the program, writes `input` to its standard input and closes that, and collects its output.
///
/// Input and outputs may be of any size, and the program may read and write in any order. One that
/// does not read all its input is no error. (Nothing is said of programs that hand their input or an
/// output on to a process which outlives them, nor of the means by which the three are connected.) It
/// is reaped when this returns, and no descriptor of the caller's stays open that was not open
/// before. One process is created; threads may be.
///
/// Errors as [`call`] does.
pub fn communicate(program: &Path, arguments: &[&str], input: &[u8]) -> io::Result<Finished> {
    let _ = (program, arguments, input);
    todo!("write and read at the same time, then wait")
}
