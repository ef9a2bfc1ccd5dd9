//! Which files a task waits for that waits for several at once.

use crate::doubt::Doubtful;
use crate::family::TaskRef;
use crate::memory;
use crate::proc::{self, Call};
use crate::waits::Lack;

/// Whether a bound in milliseconds is none.
pub(crate) fn is_endless(milliseconds: u64) -> bool {
    (milliseconds as i32) < 0
}

/// The files that `poll` waits for, from its argument in memory.
pub(crate) fn polled(task: TaskRef, call: &Call) -> Result<Vec<(u64, Lack)>, Doubtful> {
    const UNREADABLE: &str = "its list of files cannot be read";
    let count = usize::try_from(call.args[1]).map_err(|_| UNREADABLE)?;
    let bytes = memory::read(task.pid, call.args[0], count.min(1024) * 8).ok_or(UNREADABLE)?;
    let mut files = Vec::new();
    for entry in bytes.chunks_exact(8) {
        let number = i32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let events = i16::from_le_bytes([entry[4], entry[5]]);
        if let Ok(number) = u64::try_from(number) {
            files.extend(wanted(number, events & libc::POLLIN != 0, events & libc::POLLOUT != 0));
        }
    }
    Ok(files)
}

/// The files that `select` waits for, from its three sets in memory.
pub(crate) fn selected(task: TaskRef, call: &Call) -> Result<Vec<(u64, Lack)>, Doubtful> {
    let [count, read, write, except, ..] = call.args;
    if except != 0 {
        return Err(Doubtful::unseen("it waits for exceptions of files"));
    }
    let set = |at: u64| match at {
        0 => Some(vec![0; 128]),
        at => memory::read(task.pid, at, 128),
    };
    let unreadable = "its list of files cannot be read";
    let (read, write) = (set(read).ok_or(unreadable)?, set(write).ok_or(unreadable)?);
    let has = |set: &[u8], number: u64| set[(number / 8) as usize] >> (number % 8) & 1 == 1;
    let listed = (0..count.min(1024)).filter(|one| has(&read, *one) || has(&write, *one));
    let files = listed.flat_map(|one| wanted(one, has(&read, one), has(&write, one)));
    Ok(files.collect())
}

/// The files that an epoll instance watches, as the kernel lists them.
pub(crate) fn registered(task: TaskRef, descriptor: u64) -> Result<Vec<(u64, Lack)>, Doubtful> {
    let info = format!("/proc/{}/task/{}/fdinfo/{descriptor}", task.pid, task.tid);
    let text = proc::read(&info).ok_or("its epoll instance cannot be read")?;
    let files = text.lines().filter_map(|line| {
        let mut words = line.strip_prefix("tfd:")?.split_whitespace();
        let number = words.next()?.parse().ok()?;
        let events = u32::from_str_radix(words.nth(1)?, 16).ok()?;
        let has = |event: i32| events & event.cast_unsigned() != 0;
        Some(wanted(number, has(libc::EPOLLIN), has(libc::EPOLLOUT)))
    });
    Ok(files.flatten().collect())
}

/// One entry for each thing wanted of a file. One of which nothing is wanted is
/// watched for its other end to close, which is up to the same holders.
fn wanted(number: u64, read: bool, write: bool) -> Vec<(u64, Lack)> {
    let mut wanted = Vec::new();
    if read || !write {
        wanted.push((number, Lack::Content));
    }
    if write {
        wanted.push((number, Lack::Room));
    }
    wanted
}
