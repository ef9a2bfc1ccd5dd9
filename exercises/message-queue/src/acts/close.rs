//! The queue is closed while there is something in it, or somebody sleeps.

use std::io;

use message_queue::Queue;
use stage::{Gate, event, until_asleep};

use crate::{read_to_end, start, wait_for};

/// Closes the queue while items are in it, put by the main process and others in turn. A child
/// takes the first, the main process the others; then there is nothing any more, however often one
/// asks. Nobody can put, the child neither.
pub fn leave(queue: &Queue, puts: usize) -> io::Result<()> {
    for number in 0..puts {
        let put = || queue.put(&[number as u8]);
        if number.is_multiple_of(2) { put()? } else { wait_for(vec![start(put)?])? }
    }
    let take = |who: &str, number: usize| {
        let taken = if number.is_multiple_of(2) { queue.get()? } else { queue.try_get()? };
        let taken = taken.map_or("none".to_owned(), |item| item[0].to_string());
        event(who, format_args!("took={taken}"));
        io::Result::Ok(())
    };
    let late = |who: &str, what: &str, refused: bool| {
        event(who, format_args!("late {what} refused={refused}"));
    };
    // It is there before the end.
    let closed = Gate::new()?;
    let child = start(|| {
        closed.pass()?;
        // The queue may be full, and is not when one is taken.
        late("child", "put", queue.put(b"late").is_err());
        take("child", 0)?;
        late("child", "try_put", queue.try_put(b"late").is_err());
        Ok(())
    })?;
    queue.close()?;
    event("main", format_args!("count={}", queue.count()?));
    late("main", "put", queue.put(b"late").is_err());
    closed.open()?;
    wait_for(vec![child])?;
    late("main", "put", queue.put(b"late").is_err());
    late("main", "try_put", queue.try_put(b"late").is_err());
    (1..puts + 4).try_for_each(|number| take("main", number))?;
    for _ in 0..300 {
        if queue.get()?.is_some() || queue.try_get()?.is_some() {
            event("main", "took=something");
        }
    }
    event("main", format_args!("at last count={}", queue.count()?));
    Ok(())
}

/// While a reader sleeps, an item is put and the queue is closed at once, again and again.
pub fn put_and_close(capacity: usize) -> io::Result<()> {
    for _ in 0..10 {
        let queue = Queue::new(capacity)?;
        let reader = start(|| read_to_end("reader", &queue))?;
        until_asleep(reader.as_raw());
        queue.put(b"last")?;
        queue.close()?;
        wait_for(vec![reader])?;
    }
    Ok(())
}
