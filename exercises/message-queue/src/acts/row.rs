//! One process alone.

use std::io;

use message_queue::Queue;
use stage::event;

/// One process puts and gets, so that the queue is full most of the time.
pub fn in_a_row(queue: &Queue, capacity: usize) -> io::Result<()> {
    let item = |number: usize| number.to_ne_bytes();
    (0..capacity).try_for_each(|number| queue.put(&item(number)))?;
    for number in 0..600 {
        if queue.get()?.as_deref() != Some(&item(number)) {
            event("main", format_args!("item {number} is not in its place"));
            return Ok(());
        }
        queue.put(&item(number + capacity))?;
    }
    event("main", "all in their order");
    Ok(())
}
