//! Says which walls this host lets the keeper at `argv[1]` build, as the calling user.

use std::error::Error;
use std::io::Write;

use keeper::{Keeper, Weak, settle};

fn main() -> Result<(), Box<dyn Error>> {
    let executable = std::env::args_os().nth(1).ok_or("which keeper?")?;
    let mut out = std::io::stdout().lock();
    let settled = match settle(&Keeper::new(executable), Weak::Allowed) {
        Ok(settled) => settled,
        Err(none) => return Ok(write!(out, "{none}")?),
    };
    for error in settled.refused {
        writeln!(out, "{error}")?;
    }
    writeln!(out, "{}", settled.tier)?;
    Ok(())
}
