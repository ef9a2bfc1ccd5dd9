//! Processes that wait for each other for ever.

use std::ffi::CString;
use std::fs::{File, read_to_string};
use std::os::fd::AsRawFd;
use std::ptr::null_mut;
use std::thread;

use crate::system::{Behaviour, close, fork, mark, pipe, read, shared, wait, write};

pub(crate) const ALL: &[Behaviour] = &[
    ("pipe-end-held", pipe_end_held),
    ("pipe-crosswise", pipe_crosswise),
    ("pipe-to-itself", pipe_to_itself),
    ("pipe-full", pipe_full),
    ("pipe-to-pipe", pipe_to_pipe),
    ("semaphores-crosswise", semaphores_crosswise),
    ("socket-pair", socket_pair),
    ("event-counter", event_counter),
    ("unset-timer", unset_timer),
    ("system-v-semaphores", system_v_semaphores),
    ("system-v-crosswise", system_v_crosswise),
    ("system-v-queue", system_v_queue),
    ("file-locks", file_locks),
    ("named-fifo", named_fifo),
    ("polls-for-ever", polls_for_ever),
    ("polls-a-queue", polls_a_queue),
    ("polls-while-a-child-ends", polls_while_a_child_ends),
    ("polls-while-children-end", polls_while_children_end),
    ("selects-for-ever", selects_for_ever),
    ("epolls-for-ever", epolls_for_ever),
    ("polls-process", polls_process),
    ("waits-for-words", waits_for_words),
    ("opens-fifo", opens_fifo),
    ("pauses", pauses),
    ("shared-mutex-held", || shared_mutex(true)),
    ("shared-mutex-of-the-dead", || shared_mutex(false)),
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

/// Each waits to move on, without reading it, what the other would write afterwards.
fn pipe_to_pipe() {
    let (down, up, out) = (pipe(), pipe(), pipe());
    let child = fork(|| {
        unsafe { libc::tee(down.0, out.1, 64, 0) };
        write(up.1, b"x");
        0
    });
    unsafe { libc::splice(up.0, null_mut(), out.1, null_mut(), 64, 0) };
    write(down.1, b"x");
    wait(child);
}

/// Both read first.
fn socket_pair() {
    let mut ends = [0; 2];
    unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, ends.as_mut_ptr()) };
    let child = fork(|| {
        close(ends[0]);
        read(ends[1]) as i32
    });
    close(ends[1]);
    read(ends[0]);
    wait(child);
}

fn event_counter() {
    let counter = unsafe { libc::eventfd(0, 0) };
    let child = fork(|| read(counter) as i32);
    wait(child);
}

/// A thread waits for a timer that nobody sets any more.
fn unset_timer() {
    let timer = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, 0) };
    thread::spawn(move || read(timer)).join().unwrap();
}

fn take(set: i32, index: u16, change: i16) {
    let mut operation = libc::sembuf { sem_num: index, sem_op: change, sem_flg: 0 };
    unsafe { libc::semop(set, &raw mut operation, 1) };
}

/// Two semaphores at 0, each awaited by one process before it gives the other.
fn system_v_semaphores() {
    let set = unsafe { libc::semget(libc::IPC_PRIVATE, 2, 0o600) };
    println!("{set}");
    let child = fork(|| {
        take(set, 0, -1);
        take(set, 1, 1);
        0
    });
    take(set, 1, -1);
    take(set, 0, 1);
    wait(child);
}

/// Each takes its own, tells the other, and then wants the other's.
fn system_v_crosswise() {
    let set = unsafe { libc::semget(libc::IPC_PRIVATE, 2, 0o600) };
    println!("{set}");
    take(set, 0, 1);
    take(set, 1, 1);
    let (down, up) = (pipe(), pipe());
    let child = fork(|| {
        take(set, 0, -1);
        write(up.1, b"x");
        read(down.0);
        take(set, 1, -1);
        0
    });
    take(set, 1, -1);
    write(down.1, b"x");
    read(up.0);
    take(set, 0, -1);
    wait(child);
}

fn system_v_queue() {
    let queue = unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) };
    println!("{queue}");
    let mut message = [0u64; 2];
    unsafe { libc::msgrcv(queue, message.as_mut_ptr().cast(), 8, 0, 0) };
}

fn lock(file: &File) {
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) };
}

fn file_locks() {
    let directory = std::env::args().nth(2).unwrap();
    let open = |name: &str| File::create(format!("{directory}/{name}")).unwrap();
    let (to_child, to_parent) = (pipe(), pipe());
    let child = fork(|| {
        let (left, right) = (open("left"), open("right"));
        lock(&right);
        write(to_parent.1, b"x");
        read(to_child.0);
        lock(&left);
        0
    });
    let (left, right) = (open("left"), open("right"));
    lock(&left);
    write(to_child.1, b"x");
    read(to_parent.0);
    lock(&right);
    wait(child);
}

/// The child waits for what its parent would write after it.
fn named_fifo() {
    let path = format!("{}/fifo", std::env::args().nth(2).unwrap());
    let name = std::ffi::CString::new(path.as_str()).unwrap();
    unsafe { libc::mkfifo(name.as_ptr(), 0o600) };
    let child = fork(|| read(File::open(&path).unwrap().as_raw_fd()) as i32);
    let _writer = File::create(&path).unwrap();
    wait(child);
}

fn polls_for_ever() {
    let (reader, _writer) = pipe();
    let mut wanted = libc::pollfd { fd: reader, events: libc::POLLIN, revents: 0 };
    wait(fork(|| unsafe { libc::poll(&raw mut wanted, 1, -1) }));
}

fn polls_a_queue() {
    let name = CString::new(format!("/specimen-{}", std::process::id())).unwrap();
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
    let nothing = std::ptr::null_mut::<libc::mq_attr>();
    let queue = unsafe { libc::mq_open(name.as_ptr(), flags, 0o600, nothing) };
    unsafe { libc::mq_unlink(name.as_ptr()) };
    let mut wanted = libc::pollfd { fd: queue, events: libc::POLLIN, revents: 0 };
    wait(fork(|| unsafe { libc::poll(&raw mut wanted, 1, -1) }));
}

/// The end of the child, which nobody waits for, breaks off the poll of a traced process.
fn polls_while_a_child_ends() {
    let (reader, _writer) = pipe();
    let parent = std::process::id();
    fork(|| {
        while !read_to_string(format!("/proc/{parent}/stat")).unwrap().contains(" S ") {
            std::hint::spin_loop();
        }
        0
    });
    let mut wanted = libc::pollfd { fd: reader, events: libc::POLLIN, revents: 0 };
    unsafe { libc::poll(&raw mut wanted, 1, -1) };
}

/// The ends of many children at once wake a thread whose signals another one takes.
fn polls_while_children_end() {
    let (reader, _writer) = pipe();
    let waiting = thread::spawn(move || {
        let mut wanted = libc::pollfd { fd: reader, events: libc::POLLIN, revents: 0 };
        unsafe { libc::poll(&raw mut wanted, 1, -1) };
    });
    for _ in 0..50 {
        let children = [(); 8].map(|()| fork(|| 0));
        children.into_iter().for_each(wait);
    }
    waiting.join().unwrap();
}

fn selects_for_ever() {
    let (reader, _writer) = pipe();
    unsafe {
        let mut wanted: libc::fd_set = std::mem::zeroed();
        libc::FD_SET(reader, &raw mut wanted);
        let none = std::ptr::null_mut();
        libc::select(reader + 1, &raw mut wanted, none, none, std::ptr::null_mut());
    }
}

fn epolls_for_ever() {
    let (reader, _writer) = pipe();
    unsafe {
        let instance = libc::epoll_create1(0);
        let mut wanted = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
        libc::epoll_ctl(instance, libc::EPOLL_CTL_ADD, reader, &raw mut wanted);
        libc::epoll_wait(instance, &raw mut wanted, 1, -1);
    }
}

/// Waits for the end of a child by a descriptor, or for a message from it.
fn polls_process() {
    let (reader, writer) = pipe();
    let (answer, _answering) = pipe();
    let child = fork(|| {
        read(reader);
        0
    });
    let child = unsafe { libc::syscall(libc::SYS_pidfd_open, child, 0) };
    let entry = |fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let mut both = [entry(child as i32), entry(answer)];
    unsafe { libc::poll(both.as_mut_ptr(), 2, -1) };
    write(writer, b"x");
}

/// Waits for either of two words to change, which nobody changes.
fn waits_for_words() {
    let words = [0u32; 2];
    let item = |word: &u32| -> [u64; 3] { [0, std::ptr::from_ref(word) as u64, 2 | 128] };
    let items = words.each_ref().map(item);
    let nothing = 0usize;
    unsafe { libc::syscall(libc::SYS_futex_waitv, items.as_ptr(), 2, 0, nothing, 0) };
}

/// Both open a FIFO for reading.
fn opens_fifo() {
    let path = std::env::args().nth(2).unwrap() + "/fifo";
    let name = std::ffi::CString::new(path.clone()).unwrap();
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let child = fork(|| i32::from(File::open(&path).is_err()));
    let _ = File::open(&path);
    wait(child);
}

/// A child waits for a signal that its parent does not send.
fn pauses() {
    let child = fork(|| unsafe { libc::pause() });
    wait(child);
}

/// A child takes a mutex that lies in shared memory. It ends with it, or keeps it and waits for its
/// parent, which waits for the mutex.
fn shared_mutex(lives: bool) {
    let mutex: *mut libc::pthread_mutex_t = shared();
    unsafe {
        let mut attributes = std::mem::zeroed();
        libc::pthread_mutexattr_init(&mut attributes);
        libc::pthread_mutexattr_setpshared(&mut attributes, libc::PTHREAD_PROCESS_SHARED);
        libc::pthread_mutex_init(mutex, &attributes);
    }
    let (taken, ended) = (pipe(), pipe());
    fork(|| {
        unsafe { libc::pthread_mutex_lock(mutex) };
        write(taken.1, b"x");
        if lives {
            read(ended.0);
        }
        0
    });
    read(taken.0);
    unsafe { libc::pthread_mutex_lock(mutex) };
    write(ended.1, b"x");
}
