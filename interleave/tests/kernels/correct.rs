//! Small programs without a mistake, in plain std. None may ever be convicted.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::sync::{Arc, Barrier, Condvar, LazyLock, Mutex, Once, OnceLock, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use super::{Kernel, kernel};

pub const ALL: &[Kernel] = &[
    kernel!(counter, "pass"),
    kernel!(ordered_locks, "pass"),
    kernel!(plain_spin_loop, "pass"),
    kernel!(spin_lock, "pass"),
    kernel!(ping_pong, "pass"),
    kernel!(ping_pong_over_channels, "pass"),
    kernel!(bounded_queue, "pass"),
    kernel!(semaphore, "pass"),
    kernel!(pool_with_shutdown, "pass"),
    kernel!(reader_and_writers, "pass"),
    kernel!(phases_with_two_barriers, "pass"),
    kernel!(initialised_once, "pass"),
    kernel!(park_and_unpark, "pass"),
    kernel!(rendezvous, "pass"),
    kernel!(polling_with_timeouts, "pass"),
    kernel!(deadline_loop, "pass"),
    kernel!(spinning_until_another_has_slept, "pass"),
    kernel!(a_panic_that_is_handled, "pass"),
    kernel!(thread_locals, "pass"),
    kernel!(statics, "pass"),
    kernel!(try_lock_and_back_off, "pass"),
    kernel!(detached_daemon, "pass"),
    kernel!(reusable_barrier_by_hand, "pass"),
    kernel!(polling_until_a_deadline, "pass"),
    kernel!(two_that_poll_until_a_deadline, "pass"),
    kernel!(deadline_that_is_never_near, "pass"),
    kernel!(counting_looks_until_another_has_slept, "pass"),
    kernel!(tries_enough_for_a_slow_answer, "pass"),
    kernel!(owners_counted_after_join, "pass"),
    kernel!(looks_at_the_clock_without_waiting, "pass"),
    kernel!(lines_under_the_lock_of_the_output, "pass"),
];

type Shared<T> = Arc<(Mutex<T>, Condvar)>;

fn shared<T>(value: T) -> Shared<T> {
    Arc::new((Mutex::new(value), Condvar::new()))
}

fn join_all<T>(threads: Vec<thread::JoinHandle<T>>) -> Vec<T> {
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn counter() {
    let counter = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| *counter.lock().unwrap() += 1);
        }
    });
    assert_eq!(counter.into_inner().unwrap(), 3);
}

fn ordered_locks() {
    let locks = Arc::new((Mutex::new(10), Mutex::new(0)));
    let threads = (0..2)
        .map(|_| {
            let locks = locks.clone();
            thread::spawn(move || {
                let mut from = locks.0.lock().unwrap();
                let mut to = locks.1.lock().unwrap();
                *from -= 5;
                *to += 5;
            })
        })
        .collect();
    join_all(threads);
    assert_eq!((*locks.0.lock().unwrap(), *locks.1.lock().unwrap()), (0, 10));
}

fn plain_spin_loop() {
    let ready = Arc::new(AtomicBool::new(false));
    let other = ready.clone();
    let thread = thread::spawn(move || other.store(true, SeqCst));
    while !ready.load(SeqCst) {}
    thread.join().unwrap();
}

fn spin_lock() {
    let locked = AtomicBool::new(false);
    let inside = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while locked.compare_exchange_weak(false, true, SeqCst, SeqCst).is_err() {
                    std::hint::spin_loop();
                }
                assert_eq!(inside.fetch_add(1, SeqCst), 0);
                inside.fetch_sub(1, SeqCst);
                locked.store(false, SeqCst);
            });
        }
    });
}

fn ping_pong() {
    let turn = shared(0);
    let other = turn.clone();
    let play = |turn: Shared<usize>, me: usize| {
        for _ in 0..2 {
            let guard = turn.0.lock().unwrap();
            let mut guard = turn.1.wait_while(guard, |turn| *turn % 2 != me).unwrap();
            *guard += 1;
            turn.1.notify_one();
        }
    };
    let thread = thread::spawn(move || play(other, 1));
    play(turn.clone(), 0);
    thread.join().unwrap();
    assert_eq!(*turn.0.lock().unwrap(), 4);
}

fn ping_pong_over_channels() {
    let (ping, pings) = channel();
    let (pong, pongs) = channel();
    let thread = thread::spawn(move || {
        for ball in &pings {
            let _: Result<(), _> = pong.send(ball + 1);
        }
    });
    for ball in 0..2 {
        ping.send(ball).unwrap();
        assert_eq!(pongs.recv(), Ok(ball + 1));
    }
    drop(ping);
    thread.join().unwrap();
}

fn bounded_queue() {
    struct Queue {
        items: Mutex<VecDeque<u32>>,
        changed: Condvar,
    }
    let queue = Arc::new(Queue { items: Mutex::new(VecDeque::new()), changed: Condvar::new() });
    let producers = (0..2)
        .map(|producer| {
            let queue = queue.clone();
            thread::spawn(move || {
                for item in 0..2 {
                    let items = queue.items.lock().unwrap();
                    let mut items =
                        queue.changed.wait_while(items, |items| items.len() == 1).unwrap();
                    items.push_back(producer * 10 + item);
                    queue.changed.notify_all();
                }
            })
        })
        .collect();
    let mut got: Vec<u32> = (0..4)
        .map(|_| {
            let items = queue.items.lock().unwrap();
            let mut items = queue.changed.wait_while(items, |items| items.is_empty()).unwrap();
            queue.changed.notify_all();
            items.pop_front().unwrap()
        })
        .collect();
    join_all(producers);
    got.sort_unstable();
    assert_eq!(got, [0, 1, 10, 11]);
}

fn semaphore() {
    let permits = shared(2);
    let inside = Arc::new(AtomicUsize::new(0));
    let threads = (0..3)
        .map(|_| {
            let (permits, inside) = (permits.clone(), inside.clone());
            thread::spawn(move || {
                let left = permits.0.lock().unwrap();
                *permits.1.wait_while(left, |left| *left == 0).unwrap() -= 1;
                assert!(inside.fetch_add(1, SeqCst) < 2);
                inside.fetch_sub(1, SeqCst);
                *permits.0.lock().unwrap() += 1;
                permits.1.notify_one();
            })
        })
        .collect();
    join_all(threads);
}

fn pool_with_shutdown() {
    type Job = Box<dyn FnOnce() + Send>;
    struct Pool {
        jobs: Option<std::sync::mpsc::Sender<Job>>,
        workers: Vec<thread::JoinHandle<()>>,
    }
    impl Drop for Pool {
        fn drop(&mut self) {
            drop(self.jobs.take());
            for worker in self.workers.drain(..) {
                worker.join().unwrap();
            }
        }
    }
    let (jobs, receiver) = channel::<Job>();
    let receiver: Arc<Mutex<Receiver<Job>>> = Arc::new(Mutex::new(receiver));
    let workers = (0..2)
        .map(|_| {
            let receiver = receiver.clone();
            thread::spawn(move || {
                loop {
                    let job = receiver.lock().unwrap().recv();
                    match job {
                        Ok(job) => job(),
                        Err(_) => break,
                    }
                }
            })
        })
        .collect();
    let done = Arc::new(AtomicUsize::new(0));
    let pool = Pool { jobs: Some(jobs), workers };
    for _ in 0..3 {
        let done = done.clone();
        let job = Box::new(move || {
            done.fetch_add(1, SeqCst);
        });
        pool.jobs.as_ref().unwrap().send(job).unwrap();
    }
    drop(pool);
    assert_eq!(done.load(SeqCst), 3);
}

fn reader_and_writers() {
    let pair = Arc::new(RwLock::new((0, 0)));
    let writers = (0..2)
        .map(|_| {
            let pair = pair.clone();
            thread::spawn(move || {
                let mut pair = pair.write().unwrap();
                pair.0 += 1;
                pair.1 += 1;
            })
        })
        .collect();
    let seen = *pair.read().unwrap();
    assert_eq!(seen.0, seen.1);
    join_all(writers);
    assert_eq!(*pair.read().unwrap(), (2, 2));
}

fn phases_with_two_barriers() {
    let barrier = Arc::new(Barrier::new(2));
    let cell = Arc::new(AtomicUsize::new(0));
    let (barrier2, cell2) = (barrier.clone(), cell.clone());
    let writer = thread::spawn(move || {
        for phase in 1..=2 {
            cell2.store(phase, SeqCst);
            barrier2.wait();
            barrier2.wait();
        }
    });
    for phase in 1..=2 {
        barrier.wait();
        assert_eq!(cell.load(SeqCst), phase);
        barrier.wait();
    }
    writer.join().unwrap();
}

fn initialised_once() {
    let (made, cell, once) = (AtomicUsize::new(0), OnceLock::new(), Once::new());
    thread::scope(|scope| {
        for number in 0..2 {
            let (made, cell, once) = (&made, &cell, &once);
            scope.spawn(move || {
                once.call_once(|| {
                    made.fetch_add(1, SeqCst);
                });
                let first = *cell.get_or_init(|| number);
                assert_eq!(cell.get(), Some(&first));
            });
        }
    });
    assert_eq!(made.load(SeqCst), 1);
}

fn park_and_unpark() {
    let ready = Arc::new(AtomicBool::new(false));
    let other = ready.clone();
    let sleeper = thread::spawn(move || {
        while !other.load(SeqCst) {
            thread::park();
        }
    });
    ready.store(true, SeqCst);
    sleeper.thread().unpark();
    sleeper.join().unwrap();
}

fn rendezvous() {
    let (sender, receiver) = sync_channel(0);
    let taken = Arc::new(AtomicBool::new(false));
    let seen = taken.clone();
    let thread = thread::spawn(move || {
        sender.send(1).unwrap();
        sender.send(2).unwrap();
        assert!(seen.load(SeqCst), "the second send ends after the first receive");
    });
    assert_eq!(receiver.recv(), Ok(1));
    taken.store(true, SeqCst);
    assert_eq!(receiver.recv(), Ok(2));
    thread.join().unwrap();
}

fn polling_with_timeouts() {
    let (sender, receiver) = channel();
    let worker = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        sender.send(7).unwrap();
    });
    let got = loop {
        match receiver.recv_timeout(Duration::from_millis(10)) {
            Ok(message) => break message,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => panic!("the worker sends before it ends"),
        }
    };
    assert_eq!(got, 7);
    worker.join().unwrap();
}

fn deadline_loop() {
    let start = Instant::now();
    let thread = thread::spawn(|| thread::sleep(Duration::from_millis(5)));
    while start.elapsed() < Duration::from_millis(20) {
        thread::yield_now();
    }
    thread.join().unwrap();
    assert!(start.elapsed() >= Duration::from_millis(20));
}

fn spinning_until_another_has_slept() {
    let done = Arc::new(AtomicBool::new(false));
    let other = done.clone();
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        other.store(true, SeqCst);
    });
    while !done.load(SeqCst) {
        thread::yield_now();
    }
    thread.join().unwrap();
}

fn a_panic_that_is_handled() {
    let lock = Arc::new(Mutex::new(1));
    let other = lock.clone();
    let thread = thread::spawn(move || {
        let _guard = other.lock().unwrap();
        panic!("on purpose");
    });
    let panic = thread.join().unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
    assert!(lock.is_poisoned());
    assert_eq!(*lock.lock().unwrap_or_else(|poison| poison.into_inner()), 1);
    let caught = std::panic::catch_unwind(|| panic!("caught"));
    assert!(caught.is_err() && !thread::panicking());
}

fn thread_locals() {
    thread_local! {
        static COUNT: Cell<u32> = const { Cell::new(1) };
        static LIST: RefCell<Vec<u32>> = RefCell::new(Vec::with_capacity(2));
    }
    let thread = thread::spawn(|| {
        COUNT.set(COUNT.get() + 1);
        LIST.with_borrow_mut(|list| list.push(COUNT.get()));
        LIST.take()
    });
    COUNT.with(|count| count.set(5));
    assert_eq!(thread.join().unwrap(), [2]);
    assert_eq!(COUNT.replace(0), 5);
    assert!(LIST.with_borrow(Vec::is_empty));
}

fn statics() {
    static TOTAL: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    static NEXT: AtomicUsize = AtomicUsize::new(10);
    static NAMES: LazyLock<Mutex<Vec<String>>> = LazyLock::new(Mutex::default);
    static FIRST: OnceLock<usize> = OnceLock::new();
    // Natively, too, the kernel runs many times in one process.
    TOTAL.lock().unwrap().clear();
    NAMES.lock().unwrap().clear();
    let before = NEXT.load(SeqCst);
    let threads = (0..2)
        .map(|_| {
            thread::spawn(|| {
                let mine = NEXT.fetch_add(1, SeqCst);
                TOTAL.lock().unwrap().push(mine);
                NAMES.lock().unwrap().push(mine.to_string());
                FIRST.get_or_init(|| mine);
            })
        })
        .collect();
    join_all(threads);
    let mut total = TOTAL.lock().unwrap().clone();
    total.sort_unstable();
    assert_eq!(total, [before, before + 1]);
    assert_eq!(NAMES.lock().unwrap().len(), 2);
    assert!(FIRST.get().is_some());
}

fn try_lock_and_back_off() {
    let locks = Arc::new((Mutex::new(0), Mutex::new(0)));
    let other = locks.clone();
    let work = |first: &Mutex<u32>, second: &Mutex<u32>| loop {
        let mut one = first.lock().unwrap();
        if let Ok(mut two) = second.try_lock() {
            *one += 1;
            *two += 1;
            return;
        }
        drop(one);
        thread::yield_now();
    };
    let thread = thread::spawn(move || work(&other.0, &other.1));
    work(&locks.1, &locks.0);
    thread.join().unwrap();
    assert_eq!(*locks.0.lock().unwrap(), 2);
}

fn detached_daemon() {
    let (sender, receiver) = channel();
    thread::spawn(move || while receiver.recv().is_ok() {});
    sender.send(1).unwrap();
    std::mem::forget(sender);
}

fn polling_until_a_deadline() {
    let (flag, start) = (AtomicBool::new(false), Instant::now());
    while !flag.load(SeqCst) {
        if start.elapsed() >= Duration::from_millis(20) {
            return;
        }
        thread::yield_now();
    }
    panic!("nobody sets the flag");
}

fn two_that_poll_until_a_deadline() {
    let flag = AtomicBool::new(false);
    let poll = || {
        let start = Instant::now();
        while !flag.load(SeqCst) && start.elapsed() < Duration::from_millis(20) {
            std::hint::spin_loop();
        }
    };
    thread::scope(|scope| {
        scope.spawn(poll);
        scope.spawn(poll);
    });
}

fn deadline_that_is_never_near() {
    let done = Arc::new(AtomicUsize::new(0));
    let other = done.clone();
    let thread = thread::spawn(move || {
        for _ in 0..3 {
            other.fetch_add(1, SeqCst);
        }
    });
    let start = Instant::now();
    while done.load(SeqCst) < 3 {
        assert!(start.elapsed() < Duration::from_secs(5), "the other can run, and does not");
        std::hint::spin_loop();
    }
    thread.join().unwrap();
}

fn counting_looks_until_another_has_slept() {
    let (done, looks) = (Arc::new(AtomicBool::new(false)), AtomicUsize::new(0));
    let other = done.clone();
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(2));
        other.store(true, SeqCst);
    });
    while !done.load(SeqCst) {
        looks.fetch_add(1, SeqCst);
    }
    thread.join().unwrap();
}

fn tries_enough_for_a_slow_answer() {
    let (answer, answers) = sync_channel(1);
    let worker = thread::spawn(move || {
        thread::sleep(Duration::from_millis(3));
        answer.send(7).unwrap();
    });
    let mut tries = 0;
    let got = loop {
        match answers.recv_timeout(Duration::from_millis(1)) {
            Ok(got) => break got,
            Err(_) => tries += 1,
        }
    };
    assert!(got == 7 && tries < 1_000, "a second was not enough for 3 ms");
    worker.join().unwrap();
}

fn owners_counted_after_join() {
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let threads = (0..2)
        .map(|number| {
            let numbers = numbers.clone();
            thread::spawn(move || numbers.lock().unwrap().push(number))
        })
        .collect();
    join_all(threads);
    assert_eq!(Arc::try_unwrap(numbers).unwrap().into_inner().unwrap().len(), 2);
}

fn looks_at_the_clock_without_waiting() {
    let (entries, kept) = (Mutex::new(vec![Instant::now()]), Duration::from_secs(1));
    for _ in 0..40 {
        let mut entries = entries.lock().unwrap();
        entries.retain(|entry| entry.elapsed() < kept);
        assert_eq!(entries.len(), 1, "no time has passed to speak of");
    }
}

fn lines_under_the_lock_of_the_output() {
    use std::io::Write;
    let threads = (0..2)
        .map(|number| {
            thread::spawn(move || {
                let mut output = std::io::stdout().lock();
                writeln!(output, "begin {number}").unwrap();
                writeln!(output, "end {number}").unwrap();
            })
        })
        .collect();
    join_all(threads);
}

fn reusable_barrier_by_hand() {
    struct Gate {
        state: Mutex<(usize, usize)>,
        opened: Condvar,
    }
    impl Gate {
        fn wait(&self, size: usize) {
            let mut state = self.state.lock().unwrap();
            let generation = state.1;
            state.0 += 1;
            if state.0 == size {
                *state = (0, generation + 1);
                self.opened.notify_all();
                return;
            }
            drop(self.opened.wait_while(state, |state| state.1 == generation).unwrap());
        }
    }
    let gate = Arc::new(Gate { state: Mutex::new((0, 0)), opened: Condvar::new() });
    let passed = Arc::new(AtomicUsize::new(0));
    let threads = (0..2)
        .map(|_| {
            let (gate, passed) = (gate.clone(), passed.clone());
            thread::spawn(move || {
                for round in 1..=2 {
                    passed.fetch_add(1, SeqCst);
                    gate.wait(2);
                    assert!(passed.load(SeqCst) >= 2 * round);
                }
            })
        })
        .collect();
    join_all(threads);
}
