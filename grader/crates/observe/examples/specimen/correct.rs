//! Correct programs that look as if they could not go on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;

use crate::system::{Behaviour, fork, pipe, read, shared, sleep, wait, write};

pub(crate) const ALL: &[Behaviour] = &[
    ("ping-pong-pipes", ping_pong_pipes),
    ("ping-pong-condvar", ping_pong_condvar),
    ("ping-pong-semaphores", ping_pong_semaphores),
    ("slow-producer", slow_producer),
    ("long-sleep", || sleep(300)),
    ("alarm", alarm),
    ("interval-timer", interval_timer),
    ("spins-for-alarms", spins_for_alarms),
    ("waits-while-children-end", waits_while_children_end),
    ("epolls-while-children-end", epolls_while_children_end),
    ("posix-timer", posix_timer),
    ("reads-input", || assert!(read(0) >= 0)),
    ("waits-for-signal", waits_for_signal),
    ("worker-sleeps", worker_sleeps),
    ("socket-timeout", socket_timeout),
    ("semaphore-and-alarm", semaphore_and_alarm),
    ("named-semaphore", named_semaphore),
    ("timer-descriptor", timer_descriptor),
    ("timer-descriptor-often", timer_descriptor_often),
    ("waits-for-interrupt", waits_for_interrupt),
    ("asks-for-a-network", asks_for_a_network),
    ("tells-which-signals-it-ignores", tells_which_signals_it_ignores),
    ("waits-for-children-with-threads", waits_for_children_with_threads),
];

fn rounds(default: usize) -> usize {
    std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Each child ends soon after the last of its threads.
fn waits_for_children_with_threads() {
    for _ in 0..rounds(100) {
        wait(fork(|| {
            let threads = [(); 3].map(|()| thread::spawn(|| {}));
            threads.into_iter().for_each(|thread| thread.join().unwrap());
            0
        }));
    }
}

fn ping_pong_pipes() {
    let (down, up) = (pipe(), pipe());
    let rounds = rounds(5_000);
    let child = fork(|| {
        for _ in 0..rounds {
            read(down.0);
            write(up.1, b"x");
        }
        0
    });
    for _ in 0..rounds {
        write(down.1, b"x");
        read(up.0);
    }
    wait(child);
}

fn ping_pong_condvar() {
    let turn = Arc::new((Mutex::new(0), Condvar::new()));
    let rounds = rounds(5_000);
    let players = [0, 1].map(|me| {
        let turn = turn.clone();
        thread::spawn(move || {
            for _ in 0..rounds {
                let guard = turn.0.lock().unwrap();
                let mut guard = turn.1.wait_while(guard, |turn| *turn % 2 != me).unwrap();
                *guard += 1;
                turn.1.notify_all();
            }
        })
    });
    for player in players {
        player.join().unwrap();
    }
}

fn ping_pong_semaphores() {
    let memory = shared::<[libc::sem_t; 2]>();
    let at = |index: usize| memory.cast::<libc::sem_t>().wrapping_add(index);
    for index in 0..2 {
        unsafe { libc::sem_init(at(index), 1, 0) };
    }
    let rounds = rounds(5_000);
    let child = fork(|| {
        for _ in 0..rounds {
            unsafe { libc::sem_wait(at(0)) };
            unsafe { libc::sem_post(at(1)) };
        }
        0
    });
    for _ in 0..rounds {
        unsafe { libc::sem_post(at(0)) };
        unsafe { libc::sem_wait(at(1)) };
    }
    wait(child);
}

fn slow_producer() {
    let (sender, receiver) = mpsc::channel();
    let producer = thread::spawn(move || {
        for item in 0..10 {
            sleep(20);
            sender.send(item).unwrap();
        }
    });
    assert_eq!(receiver.into_iter().sum::<i32>(), 45);
    producer.join().unwrap();
}

static RINGS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count_alarm(_: i32) {
    RINGS.fetch_add(1, Ordering::SeqCst);
}

/// Goes round in one place until an alarm rings, again and again: none may be lost.
fn spins_for_alarms() {
    let handler = count_alarm as extern "C" fn(i32);
    unsafe { libc::signal(libc::SIGALRM, handler as usize) };
    for round in 1..=rounds(30) {
        let time = libc::timeval { tv_sec: 0, tv_usec: 20_000 };
        let once = libc::timeval { tv_sec: 0, tv_usec: 0 };
        let timer = libc::itimerval { it_interval: once, it_value: time };
        unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
        while RINGS.load(Ordering::SeqCst) < round {
            std::hint::spin_loop();
        }
    }
}

/// Waits with a bound while a child ends: a signal that nobody handles breaks off nothing.
fn waits_while_children_end() {
    let child = fork(|| {
        sleep(50);
        0
    });
    let (mut ends, time) = ([0; 2], libc::timeval { tv_sec: 0, tv_usec: 150_000 });
    let mut byte = 0_u8;
    unsafe {
        libc::socketpair(libc::AF_UNIX, libc::SOCK_STREAM, 0, ends.as_mut_ptr());
        let size = size_of::<libc::timeval>() as libc::socklen_t;
        let option = libc::SO_RCVTIMEO;
        libc::setsockopt(ends[0], libc::SOL_SOCKET, option, (&raw const time).cast(), size);
        assert_eq!(libc::recv(ends[0], (&raw mut byte).cast(), 1, 0), -1);
    }
    let error = std::io::Error::last_os_error();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "{error}");
    wait(child);
}

/// A thread waits while many children of another end at once: nobody handles their signals, so
/// they break off nothing.
fn epolls_while_children_end() {
    let (reader, writer) = pipe();
    let queue = unsafe { libc::epoll_create1(0) };
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
    unsafe { libc::epoll_ctl(queue, libc::EPOLL_CTL_ADD, reader, &raw mut event) };
    let waiting = thread::spawn(move || unsafe { libc::epoll_wait(queue, &raw mut event, 1, -1) });
    for _ in 0..rounds(50) {
        let children = [(); 8].map(|()| fork(|| 0));
        children.into_iter().for_each(wait);
    }
    write(writer, b"x");
    assert_eq!(waiting.join().unwrap(), 1, "broken off");
}

extern "C" fn on_alarm(_: i32) {
    write(1, b"rang\n");
}

fn catch_alarm() {
    let handler = on_alarm as extern "C" fn(i32);
    // Without SA_RESTART, so that the wait below is broken off.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as usize;
        libc::sigaction(libc::SIGALRM, &raw const action, std::ptr::null_mut());
    }
}

/// Waits on a pipe to itself; only the alarm ends that.
fn alarm() {
    let (reader, _writer) = pipe();
    catch_alarm();
    unsafe { libc::alarm(1) };
    read(reader);
    println!("done");
}

/// The handler itself ends the wait: it writes into the pipe.
fn interval_timer() {
    let (reader, writer) = pipe();
    assert_eq!(unsafe { libc::dup2(writer, 1) }, 1);
    catch_alarm();
    let every = libc::timeval { tv_sec: 0, tv_usec: 50_000 };
    let timer = libc::itimerval { it_interval: every, it_value: every };
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    for _ in 0..6 {
        read(reader);
    }
    eprintln!("done");
}

fn posix_timer() {
    let (reader, _writer) = pipe();
    catch_alarm();
    unsafe {
        let mut id: libc::timer_t = std::ptr::null_mut();
        let mut event: libc::sigevent = std::mem::zeroed();
        event.sigev_notify = libc::SIGEV_SIGNAL;
        event.sigev_signo = libc::SIGALRM;
        libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut id);
        let mut when: libc::itimerspec = std::mem::zeroed();
        when.it_value.tv_nsec = 200_000_000;
        libc::timer_settime(id, 0, &raw const when, std::ptr::null_mut());
    }
    read(reader);
    println!("done");
}

/// A child signals its parent, which waits for nothing else.
fn waits_for_signal() {
    catch_alarm();
    let parent = unsafe { libc::getpid() };
    let child = fork(|| {
        sleep(100);
        unsafe { libc::kill(parent, libc::SIGALRM) };
        0
    });
    unsafe { libc::pause() };
    wait(child);
}

fn worker_sleeps() {
    thread::spawn(|| sleep(200)).join().unwrap();
}

/// The wait looks endless, but the socket bounds it.
fn socket_timeout() {
    use std::io::Read;
    let (mut ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
    assert!(ours.read(&mut [0]).is_err());
    println!("done");
}

extern "C" fn give(_: i32) {
    let mut operation = libc::sembuf { sem_num: 0, sem_op: 1, sem_flg: 0 };
    unsafe { libc::semop(SET.load(std::sync::atomic::Ordering::SeqCst), &raw mut operation, 1) };
}

static SET: std::sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32::new(-1);

/// `semop` must not notice that it was looked at: only the alarm may break it off.
fn semaphore_and_alarm() {
    let set = unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) };
    SET.store(set, std::sync::atomic::Ordering::SeqCst);
    let before = std::time::Instant::now();
    let handler = give as extern "C" fn(i32);
    unsafe { libc::signal(libc::SIGALRM, handler as usize) };
    unsafe { libc::alarm(1) };
    let mut operation = libc::sembuf { sem_num: 0, sem_op: -1, sem_flg: 0 };
    let result = unsafe { libc::semop(set, &raw mut operation, 1) };
    let waited = before.elapsed().as_millis() >= 900;
    unsafe { libc::semctl(set, 0, libc::IPC_RMID) };
    println!("{result} {waited}");
}

/// Some other program could come and post.
fn named_semaphore() {
    let name = std::ffi::CString::new(format!("/{}", std::env::args().nth(2).unwrap())).unwrap();
    unsafe {
        let semaphore = libc::sem_open(name.as_ptr(), libc::O_CREAT, 0o600, 0);
        println!("ready");
        libc::sem_wait(semaphore);
        libc::sem_unlink(name.as_ptr());
    }
}

/// Waits for a timer that rings a hundred times in a millisecond.
fn timer_descriptor_often() {
    unsafe {
        let timer = libc::timerfd_create(libc::CLOCK_MONOTONIC, 0);
        let mut when: libc::itimerspec = std::mem::zeroed();
        (when.it_value.tv_nsec, when.it_interval.tv_nsec) = (10_000, 10_000);
        libc::timerfd_settime(timer, 0, &raw const when, std::ptr::null_mut());
        for _ in 0..rounds(2_000) {
            read(timer);
        }
    }
}

fn timer_descriptor() {
    unsafe {
        let timer = libc::timerfd_create(libc::CLOCK_MONOTONIC, 0);
        let mut when: libc::itimerspec = std::mem::zeroed();
        when.it_value.tv_nsec = 200_000_000;
        libc::timerfd_settime(timer, 0, &raw const when, std::ptr::null_mut());
        read(timer);
    }
}

static WRITER: std::sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32::new(-1);

extern "C" fn on_interrupt(_: i32) {
    write(WRITER.load(std::sync::atomic::Ordering::SeqCst), b"x");
}

fn tells_which_signals_it_ignores() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|line| line.starts_with("SigIgn:")).unwrap());
}

/// As servers wait for Ctrl-C: the handler writes into a pipe that a thread reads.
fn asks_for_a_network() {
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) };
    println!("{socket} {}", std::io::Error::last_os_error());
}

fn waits_for_interrupt() {
    let (reader, writer) = pipe();
    WRITER.store(writer, std::sync::atomic::Ordering::SeqCst);
    let handler = on_interrupt as extern "C" fn(i32);
    unsafe { libc::signal(libc::SIGINT, handler as usize) };
    thread::spawn(move || read(reader)).join().unwrap();
}
