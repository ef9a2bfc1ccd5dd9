//! Bounds on a process that runs code which nobody has read.

use std::path::Path;
use std::process::Command;

/// Seconds of processor time for one test: an endless loop ends here at the latest.
const PROCESSOR_SECONDS: u32 = 600;

/// Kibibytes of address space for one test.
const MEMORY_KIB: u32 = 6 << 20;

/// `program`, to be started by a shell that limits itself first.
pub(crate) fn limited(program: &Path) -> Command {
    let script = format!(
        "ulimit -c 0; ulimit -t {PROCESSOR_SECONDS}; ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\""
    );
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(program);
    command
}
