//! Both are there when the first writes.

use std::io;

use shared_memory::{SharedBytes, SharedInts, SharedNumber};
use stage::{Gate, event};

use crate::{start, text_of, wait_for};

/// The parent writes while the child is there already, and the child answers.
pub fn answer(text: &str) -> io::Result<()> {
    let question = SharedBytes::new(&vec![b'.'; text.len()])?;
    // Next to numbers that only integers of 64 bits hold.
    let length = SharedInts::new(&[i64::MIN + 1, -1, i64::MAX - 1])?;
    let kept = (SharedBytes::new(b"kept")?, SharedNumber::new(5.0)?, SharedInts::new(&[6])?);
    let asked = Gate::new()?;
    let child = start(|| {
        asked.pass()?;
        let (text, number, integers) = (text_of(&kept.0), kept.1.get(), kept.2.to_vec());
        event("child", format_args!("kept {text:?} {number} {integers:?}"));
        // Its own, which its parent has nothing to do with.
        let _own = (SharedBytes::new(b"its")?, SharedNumber::new(2.0)?, SharedInts::new(&[8])?);
        event("child", format_args!("asked {:?}", text_of(&question)));
        length.set(1, question.to_vec().len() as i64);
        Ok(())
    })?;
    {
        // The child goes on with these.
        let _dropped = kept;
    }
    // Others, which have nothing to do with those; bytes that are no text.
    let others = (SharedBytes::new(b"\0!\xff")?, SharedNumber::new(0.0)?, SharedInts::new(&[7])?);
    for (index, byte) in text.bytes().enumerate() {
        question.set(index, byte);
    }
    asked.open()?;
    wait_for(child)?;
    event("main", format_args!("answer {:?}", length.to_vec()));
    let (bytes, number, integers) = (others.0.to_vec(), others.1.get(), others.2.to_vec());
    event("main", format_args!("others {bytes:?} {number} {integers:?}"));
    Ok(())
}
