//! Takes and puts that do not wait.

use std::io;

use message_queue::Queue;
use stage::{event, until_asleep};

use crate::{start, wait_for};

/// Takes from the empty queue and puts into the full one, in one process and in another.
pub fn without_waiting(queue: &Queue) -> io::Result<()> {
    let take = |who| {
        let taken = queue.try_get()?.map(|item| item[0].to_string());
        event(who, format_args!("took={}", taken.as_deref().unwrap_or("none")));
        io::Result::Ok(taken.is_some())
    };
    take("main")?;
    wait_for(vec![start(|| take("child").map(drop))?])?;
    let mut accepted = 0_u8;
    while accepted < 100 && queue.try_put(&[accepted])? {
        accepted += 1;
    }
    event("main", format_args!("accepted={accepted} count={}", queue.count()?));
    wait_for(vec![start(|| {
        let again = queue.try_put(b"?")?;
        event("child", format_args!("again={again}"));
        Ok(())
    })?])?;
    while take("main")? {}
    Ok(())
}

/// Two processes take without waiting and put it back, from a queue that is half full. So there
/// is always an item, and always room.
pub fn several_try(queue: &Queue, capacity: usize) -> io::Result<()> {
    (0..capacity / 2).try_for_each(|_| queue.put(b"item"))?;
    let busy = |who: &'static str| {
        move || {
            let (mut none, mut full) = (0, 0);
            for _ in 0..4_000 {
                let Some(item) = queue.try_get()? else {
                    none += 1;
                    continue;
                };
                if !queue.try_put(&item)? {
                    full += 1;
                    queue.put(&item)?;
                }
            }
            event(who, format_args!("none={none} full={full}"));
            Ok(())
        }
    };
    wait_for(vec![start(busy("one"))?, start(busy("other"))?])
}

/// Tries while a reader sleeps in `get`, and while a writer sleeps in `put`. Another queue has
/// nothing to do with it.
pub fn beside_a_sleeper(queue: &Queue, capacity: usize) -> io::Result<()> {
    let other = Queue::new(2)?;
    other.put(b"other")?;
    let reader = start(|| {
        let item = queue.get()?;
        event("reader", format_args!("got {}", String::from_utf8_lossy(&item.unwrap_or_default())));
        Ok(())
    })?;
    until_asleep(reader.as_raw());
    let none = queue.try_get()?.is_none();
    event("main", format_args!("reader sleeps none={none} count={}", queue.count()?));
    queue.put(b"item")?;
    wait_for(vec![reader])?;

    (0..capacity).try_for_each(|_| queue.put(b"item"))?;
    let writer = start(|| queue.put(b"last"))?;
    until_asleep(writer.as_raw());
    let again = queue.try_put(b"again")?;
    event("main", format_args!("writer sleeps again={again} count={}", queue.count()?));
    queue.get()?;
    wait_for(vec![writer])?;
    event("main", format_args!("other={}", other.count()?));
    Ok(())
}
