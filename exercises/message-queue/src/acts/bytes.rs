//! Items that hold anything.

use std::io;

use message_queue::{LARGEST, Queue};
use stage::event;

use crate::{start, wait_for};

/// Items that are easily mistaken for something else.
pub fn any_bytes(queue: &Queue, capacity: usize) -> io::Result<()> {
    let items: [&[u8]; 6] = [b"", b"\n", &[0, 255, 0], b"a b\0c\n", &[7; LARGEST], b"end"];
    let reader = start(|| {
        for item in items {
            let taken = queue.get()?.ok_or(io::ErrorKind::UnexpectedEof)?;
            event("reader", if taken == item { "equal" } else { "different" });
        }
        Ok(())
    })?;
    items.iter().try_for_each(|item| queue.put(item))?;
    wait_for(vec![reader])?;
    let large = [7; LARGEST + 1];
    let refused = queue.put(&large).is_err() && queue.try_put(&large).is_err();
    event("main", if refused { "too large, refused" } else { "too large, accepted" });
    // What was refused has taken no place, and there is room for the largest.
    (0..capacity).try_for_each(|_| queue.put(&[7; LARGEST]))?;
    // Nobody waits for room for it.
    let refused = queue.put(&large).is_err();
    event("main", format_args!("count={} when full={refused}", queue.count()?));
    Ok(())
}
