//! A write in the midst of an update.

use std::cell::Cell;
use std::io;

use shared_memory::SharedInts;
use stage::{Gate, event};

use crate::{start, wait_for};

/// One process sets the integer at `at` while another is in an update of the second of three.
///
/// If the update keeps the other out, it waits for ever. If it does not, it has to notice and begin
/// again.
pub fn set_during_an_update(number: i64, at: usize) -> io::Result<()> {
    let integers = SharedInts::new(&[0, number, 0])?;
    let (reads, done) = (Gate::new()?, Gate::new()?);
    let updating = start(|| {
        let first = Cell::new(true);
        integers.update(1, |integer| {
            event("update", "reads");
            if first.replace(false) {
                reads.open().expect("the pipe of the gate is open");
                done.pass().expect("the pipe of the gate is open");
            }
            integer * 10
        });
        Ok(())
    })?;
    reads.pass()?;
    integers.set(at, -number);
    done.open()?;
    wait_for(updating)?;
    event("main", format_args!("total {:?}", integers.to_vec()));
    Ok(())
}
