//! Processes that wait for each other for ever.

use crate::system::{Behaviour, fork, mark, pipe, read, shared, wait, write};

pub(crate) const ALL: &[Behaviour] = &[
    ("pipe-end-held", pipe_end_held),
    ("pipe-crosswise", pipe_crosswise),
    ("pipe-to-itself", pipe_to_itself),
    ("pipe-full", pipe_full),
    ("semaphores-crosswise", semaphores_crosswise),
];

/// The child reads to the end of a pipe that its parent never closes.
fn pipe_end_held() {
    let (reader, writer) = pipe();
    let child = fork(|| {
        mark();
        while read(reader) > 0 {}
        0
    });
    write(writer, b"hello");
    mark();
    wait(child);
}

/// Each reads what the other would write afterwards.
fn pipe_crosswise() {
    let (down, up) = (pipe(), pipe());
    let child = fork(|| {
        read(down.0);
        write(up.1, b"x");
        0
    });
    read(up.0);
    write(down.1, b"x");
    wait(child);
}

fn pipe_to_itself() {
    let (reader, _writer) = pipe();
    read(reader);
}

/// Nobody reads, so the second write never ends.
fn pipe_full() {
    let (_reader, writer) = pipe();
    loop {
        write(writer, &[0; 4096]);
    }
}

fn semaphores_crosswise() {
    let memory = shared::<[libc::sem_t; 4]>();
    let at = |index: usize| memory.cast::<libc::sem_t>().wrapping_add(index);
    for index in 0..4 {
        unsafe { libc::sem_init(at(index), 1, u32::from(index < 2)) };
    }
    // Each takes its own, tells the other, and then wants the other's.
    let work = |mine: usize, other: usize| unsafe {
        libc::sem_wait(at(mine));
        libc::sem_post(at(2 + mine));
        libc::sem_wait(at(2 + other));
        mark();
        libc::sem_wait(at(other));
    };
    let child = fork(|| {
        work(1, 0);
        0
    });
    work(0, 1);
    wait(child);
}
