//! Small programs with one mistake each, in plain std.
//!
//! Some need luck of one in thousands to fail when they run natively.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Barrier, Condvar, Mutex, RwLock};
use std::thread;
use std::time::Duration;

use super::{Kernel, kernel};

pub const ALL: &[Kernel] = &[
    kernel!(crosswise_locks, "deadlock"),
    kernel!(lock_order_of_three, "deadlock"),
    kernel!(philosophers, "deadlock"),
    kernel!(lost_update, "race"),
    kernel!(lost_update_atomic, "race"),
    kernel!(check_then_act, "race"),
    kernel!(overdraft, "race"),
    kernel!(if_for_while, "race"),
    kernel!(if_and_a_spurious_wake_up, "race"),
    kernel!(missed_wake_up, "deadlock"),
    kernel!(stolen_wake_up, "deadlock"),
    kernel!(notify_one_for_two_kinds, "deadlock"),
    kernel!(flag_outside_the_lock, "deadlock"),
    kernel!(notify_before_change, "deadlock"),
    kernel!(barrier_reused, "race"),
    kernel!(barrier_for_too_many, "deadlock"),
    kernel!(lost_shutdown, "deadlock"),
    kernel!(shutdown_forgets_the_last_job, "race"),
    kernel!(order_assumed, "race"),
    kernel!(first_message_assumed, "race"),
    kernel!(reordering_of_10, "race"),
    kernel!(reordering_of_20, "race"),
    kernel!(readers_starve_a_writer, "livelock"),
    kernel!(upgrade_of_a_read_lock, "deadlock"),
    kernel!(recursive_read, "deadlock"),
    kernel!(double_checked_initialisation, "race"),
    kernel!(semaphore_without_while, "race"),
    kernel!(receiver_behind_a_lock, "deadlock"),
    kernel!(rendezvous_both_send_first, "deadlock"),
    kernel!(park_with_a_flag_too_late, "deadlock"),
    kernel!(sleep_as_synchronisation, "timing"),
    kernel!(timeout_taken_for_a_message, "timing"),
    kernel!(spin_lock_released_by_all, "race"),
    kernel!(spin_on_a_flag_nobody_sets, "livelock"),
    kernel!(ticket_taken_twice, "race"),
    kernel!(join_under_a_lock, "deadlock"),
    kernel!(join_while_unwinding, "deadlock"),
    kernel!(owners_counted_too_early, "race"),
    kernel!(last_owner_by_its_count, "race"),
    kernel!(weak_exchange_without_a_loop, "race"),
    kernel!(end_of_a_timed_wait_taken_for_its_time, "race"),
];

type Shared<T> = Arc<(Mutex<T>, Condvar)>;

fn shared<T>(value: T) -> Shared<T> {
    Arc::new((Mutex::new(value), Condvar::new()))
}

fn join_all<T>(threads: Vec<thread::JoinHandle<T>>) -> Vec<T> {
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn crosswise_locks() {
    let (a, b) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
    let (a2, b2) = (a.clone(), b.clone());
    let thread = thread::spawn(move || *a2.lock().unwrap() + *b2.lock().unwrap());
    let sum = *b.lock().unwrap() + *a.lock().unwrap();
    assert_eq!(thread.join().unwrap(), sum);
}

fn lock_order_of_three() {
    let locks = Arc::new([Mutex::new(0), Mutex::new(0), Mutex::new(0)]);
    let threads = (0..3)
        .map(|first| {
            let locks = locks.clone();
            thread::spawn(move || {
                let _first = locks[first].lock().unwrap();
                *locks[(first + 1) % 3].lock().unwrap() += 1;
            })
        })
        .collect();
    join_all(threads);
}

fn philosophers() {
    let forks: Arc<Vec<Mutex<u32>>> = Arc::new((0..5).map(|_| Mutex::new(0)).collect());
    let threads = (0..5)
        .map(|seat| {
            let forks = forks.clone();
            thread::spawn(move || {
                let mut left = forks[seat].lock().unwrap();
                let mut right = forks[(seat + 1) % 5].lock().unwrap();
                *left += 1;
                *right += 1;
            })
        })
        .collect();
    join_all(threads);
}

fn lost_update() {
    let counter = Arc::new(Mutex::new(0));
    let threads = (0..2)
        .map(|_| {
            let counter = counter.clone();
            thread::spawn(move || {
                let seen = *counter.lock().unwrap();
                *counter.lock().unwrap() = seen + 1;
            })
        })
        .collect();
    join_all(threads);
    assert_eq!(*counter.lock().unwrap(), 2);
}

fn lost_update_atomic() {
    let counter = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| counter.store(counter.load(SeqCst) + 1, SeqCst));
        }
    });
    assert_eq!(counter.load(SeqCst), 3);
}

fn check_then_act() {
    let seats = Arc::new(Mutex::new(vec![None, None]));
    let threads = (0..2)
        .map(|guest| {
            let seats = seats.clone();
            thread::spawn(move || {
                let free = seats.lock().unwrap().iter().position(Option::is_none).unwrap();
                seats.lock().unwrap()[free] = Some(guest);
            })
        })
        .collect();
    join_all(threads);
    assert!(seats.lock().unwrap().iter().all(Option::is_some));
}

fn overdraft() {
    let account = Arc::new(AtomicUsize::new(100));
    let threads = (0..2)
        .map(|_| {
            let account = account.clone();
            thread::spawn(move || {
                if account.load(SeqCst) >= 100 {
                    account.fetch_sub(100, SeqCst);
                }
            })
        })
        .collect();
    join_all(threads);
    assert_eq!(account.load(SeqCst), 0);
}

fn if_for_while() {
    let queue: Shared<VecDeque<u32>> = shared(VecDeque::new());
    let consumers = (0..2)
        .map(|_| {
            let queue = queue.clone();
            thread::spawn(move || {
                let mut items = queue.0.lock().unwrap();
                if items.is_empty() {
                    items = queue.1.wait(items).unwrap();
                }
                items.pop_front().expect("an item is there")
            })
        })
        .collect();
    for item in 0..2 {
        queue.0.lock().unwrap().push_back(item);
        queue.1.notify_one();
    }
    join_all(consumers);
}

fn if_and_a_spurious_wake_up() {
    let ready = shared(false);
    let other = ready.clone();
    let waiter = thread::spawn(move || {
        let mut flag = other.0.lock().unwrap();
        if !*flag {
            flag = other.1.wait(flag).unwrap();
        }
        *flag
    });
    *ready.0.lock().unwrap() = true;
    ready.1.notify_one();
    assert!(waiter.join().unwrap(), "went on before it was ready");
}

fn missed_wake_up() {
    let ready = shared(false);
    let other = ready.clone();
    let notifier = thread::spawn(move || {
        *other.0.lock().unwrap() = true;
        other.1.notify_one();
    });
    let is_ready = *ready.0.lock().unwrap();
    if !is_ready {
        let guard = ready.0.lock().unwrap();
        drop(ready.1.wait(guard).unwrap());
    }
    notifier.join().unwrap();
}

fn stolen_wake_up() {
    // Two wait for two items, but the producer notifies only when the queue was empty.
    let queue: Shared<Vec<u32>> = shared(Vec::new());
    let consumers = (0..2)
        .map(|_| {
            let queue = queue.clone();
            thread::spawn(move || {
                let items = queue.0.lock().unwrap();
                queue.1.wait_while(items, |items| items.is_empty()).unwrap().pop()
            })
        })
        .collect();
    for item in 0..2 {
        let mut items = queue.0.lock().unwrap();
        let was_empty = items.is_empty();
        items.push(item);
        if was_empty {
            queue.1.notify_one();
        }
    }
    join_all(consumers);
}

fn notify_one_for_two_kinds() {
    // Producers and consumers wait on the same condition, with room for one item.
    let slot: Shared<Option<u32>> = shared(None);
    let mut threads = Vec::new();
    for item in 0..2 {
        let slot = slot.clone();
        threads.push(thread::spawn(move || {
            let guard = slot.0.lock().unwrap();
            *slot.1.wait_while(guard, |slot| slot.is_some()).unwrap() = Some(item);
            slot.1.notify_one();
        }));
    }
    for _ in 0..2 {
        let slot = slot.clone();
        threads.push(thread::spawn(move || {
            let guard = slot.0.lock().unwrap();
            slot.1.wait_while(guard, |slot| slot.is_none()).unwrap().take();
            slot.1.notify_one();
        }));
    }
    join_all(threads);
}

fn flag_outside_the_lock() {
    let stop = Arc::new(AtomicBool::new(false));
    let bell = shared(());
    let (stop2, bell2) = (stop.clone(), bell.clone());
    let sleeper = thread::spawn(move || {
        let mut guard = bell2.0.lock().unwrap();
        while !stop2.load(SeqCst) {
            guard = bell2.1.wait(guard).unwrap();
        }
    });
    stop.store(true, SeqCst);
    bell.1.notify_all();
    sleeper.join().unwrap();
}

fn notify_before_change() {
    let ready = shared(false);
    let other = ready.clone();
    let waiter = thread::spawn(move || {
        let mut flag = other.0.lock().unwrap();
        while !*flag {
            flag = other.1.wait(flag).unwrap();
        }
    });
    ready.1.notify_one();
    *ready.0.lock().unwrap() = true;
    waiter.join().unwrap();
}

fn barrier_reused() {
    // One barrier between phases is not enough: the fast one writes the next phase already.
    let barrier = Arc::new(Barrier::new(2));
    let cell = Arc::new(AtomicU32::new(0));
    let (barrier2, cell2) = (barrier.clone(), cell.clone());
    let writer = thread::spawn(move || {
        for phase in 1..=2 {
            cell2.store(phase, SeqCst);
            barrier2.wait();
        }
    });
    for phase in 1..=2 {
        barrier.wait();
        assert_eq!(cell.load(SeqCst), phase);
    }
    writer.join().unwrap();
}

fn barrier_for_too_many() {
    // Who finds no work left goes home without coming to the barrier.
    let barrier = Arc::new(Barrier::new(2));
    let work = Arc::new(AtomicUsize::new(2));
    let threads = (0..2)
        .map(|_| {
            let (barrier, work) = (barrier.clone(), work.clone());
            thread::spawn(move || {
                let mut done = 0;
                while work.load(SeqCst) > 0 {
                    work.store(work.load(SeqCst).saturating_sub(1), SeqCst);
                    done += 1;
                }
                if done > 0 {
                    barrier.wait();
                }
            })
        })
        .collect();
    join_all(threads);
}

fn lost_shutdown() {
    let state: Shared<(VecDeque<u32>, bool)> = shared((VecDeque::new(), false));
    let workers = (0..2)
        .map(|_| {
            let state = state.clone();
            thread::spawn(move || {
                loop {
                    let mut guard = state.0.lock().unwrap();
                    while guard.0.is_empty() && !guard.1 {
                        guard = state.1.wait(guard).unwrap();
                    }
                    if guard.0.pop_front().is_none() {
                        return;
                    }
                }
            })
        })
        .collect();
    state.0.lock().unwrap().0.push_back(1);
    state.1.notify_one();
    state.0.lock().unwrap().1 = true;
    state.1.notify_one();
    join_all(workers);
}

fn shutdown_forgets_the_last_job() {
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicUsize::new(0));
    let jobs = Arc::new(Mutex::new(VecDeque::new()));
    let worker = {
        let (stop, done, jobs) = (stop.clone(), done.clone(), jobs.clone());
        thread::spawn(move || {
            while !stop.load(SeqCst) {
                let job = jobs.lock().unwrap().pop_front();
                match job {
                    Some(job) => {
                        done.fetch_add(job, SeqCst);
                    }
                    None => thread::yield_now(),
                }
            }
        })
    };
    jobs.lock().unwrap().push_back(1);
    stop.store(true, SeqCst);
    worker.join().unwrap();
    assert_eq!(done.load(SeqCst), 1);
}

fn order_assumed() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let threads = (0..3)
        .map(|number| {
            let log = log.clone();
            thread::spawn(move || log.lock().unwrap().push(number))
        })
        .collect();
    join_all(threads);
    assert_eq!(*log.lock().unwrap(), [0, 1, 2]);
}

fn first_message_assumed() {
    let (to_main, from_workers) = channel();
    let threads = (0..2)
        .map(|worker| {
            let to_main = to_main.clone();
            thread::spawn(move || to_main.send(worker).unwrap())
        })
        .collect();
    drop(to_main);
    assert_eq!(from_workers.recv(), Ok(0));
    join_all(threads);
}

fn reordering(threads: usize) {
    let last = Arc::new(AtomicUsize::new(0));
    let handles = (0..threads)
        .map(|number| {
            let last = last.clone();
            thread::spawn(move || last.store(number, SeqCst))
        })
        .collect();
    join_all(handles);
    // "The thread that was started last also writes last, or at least not the first one."
    assert_ne!(last.load(SeqCst), 0);
}

fn reordering_of_10() {
    reordering(10);
}

fn reordering_of_20() {
    reordering(20);
}

fn readers_starve_a_writer() {
    // Two readers hand over to each other so that the count never falls to zero.
    let readers = Arc::new(AtomicUsize::new(2));
    let stop = Arc::new(AtomicBool::new(false));
    let turn = Arc::new(AtomicUsize::new(0));
    let handles = (0..2)
        .map(|me| {
            let (readers, stop, turn) = (readers.clone(), stop.clone(), turn.clone());
            thread::spawn(move || {
                while !stop.load(SeqCst) {
                    if turn.load(SeqCst) == me {
                        readers.fetch_sub(1, SeqCst);
                        readers.fetch_add(1, SeqCst);
                        turn.store(1 - me, SeqCst);
                    }
                    thread::yield_now();
                }
            })
        })
        .collect();
    while readers.load(SeqCst) > 0 {
        thread::yield_now();
    }
    stop.store(true, SeqCst);
    join_all(handles);
}

fn upgrade_of_a_read_lock() {
    let lock = Arc::new(RwLock::new(0));
    let threads = (0..2)
        .map(|_| {
            let lock = lock.clone();
            thread::spawn(move || {
                let seen = lock.read().unwrap();
                if *seen < 2 {
                    *lock.write().unwrap() += 1;
                }
            })
        })
        .collect();
    join_all(threads);
}

fn recursive_read() {
    let lock = Arc::new(RwLock::new(0));
    let other = lock.clone();
    let writer = thread::spawn(move || *other.write().unwrap() += 1);
    {
        let outer = lock.read().unwrap();
        let inner = lock.read().unwrap();
        assert_eq!(*outer, *inner);
    }
    writer.join().unwrap();
}

fn double_checked_initialisation() {
    let made = Arc::new(AtomicUsize::new(0));
    let value: Arc<Mutex<Option<u32>>> = Arc::default();
    let threads = (0..2)
        .map(|_| {
            let (made, value) = (made.clone(), value.clone());
            thread::spawn(move || {
                if value.lock().unwrap().is_none() {
                    made.fetch_add(1, SeqCst);
                    *value.lock().unwrap() = Some(7);
                }
            })
        })
        .collect();
    join_all(threads);
    assert_eq!(made.load(SeqCst), 1);
}

fn semaphore_without_while() {
    let permits = shared(1);
    let inside = Arc::new(AtomicUsize::new(0));
    let threads = (0..3)
        .map(|_| {
            let (permits, inside) = (permits.clone(), inside.clone());
            thread::spawn(move || {
                let mut left = permits.0.lock().unwrap();
                if *left == 0 {
                    left = permits.1.wait(left).unwrap();
                }
                *left -= 1;
                drop(left);
                assert_eq!(inside.fetch_add(1, SeqCst), 0, "two are inside");
                inside.fetch_sub(1, SeqCst);
                *permits.0.lock().unwrap() += 1;
                permits.1.notify_one();
            })
        })
        .collect();
    join_all(threads);
}

fn receiver_behind_a_lock() {
    // The lock is held while waiting for a message, and the sender wants it to look first.
    let (sender, receiver) = channel::<u32>();
    let receiver = Arc::new(Mutex::new(receiver));
    let other = receiver.clone();
    let worker = thread::spawn(move || other.lock().unwrap().recv().unwrap());
    let earlier = receiver.lock().unwrap().try_recv().is_ok();
    sender.send(1).unwrap();
    assert!(!earlier);
    assert_eq!(worker.join().unwrap(), 1);
}

fn rendezvous_both_send_first() {
    let (to_b, from_a) = sync_channel(0);
    let (to_a, from_b) = sync_channel(0);
    let thread = thread::spawn(move || {
        to_a.send(1).unwrap();
        from_a.recv().unwrap()
    });
    to_b.send(2).unwrap();
    assert_eq!(from_b.recv(), Ok(1));
    thread.join().unwrap();
}

fn park_with_a_flag_too_late() {
    let ready = Arc::new(AtomicBool::new(false));
    let other = ready.clone();
    let sleeper = thread::spawn(move || {
        while !other.load(SeqCst) {
            thread::park();
        }
    });
    sleeper.thread().unpark();
    ready.store(true, SeqCst);
    sleeper.join().unwrap();
}

fn sleep_as_synchronisation() {
    let result = Arc::new(Mutex::new(0));
    let other = result.clone();
    let worker = thread::spawn(move || *other.lock().unwrap() = 42);
    thread::sleep(Duration::from_millis(50));
    assert_eq!(*result.lock().unwrap(), 42);
    worker.join().unwrap();
}

fn timeout_taken_for_a_message() {
    let (sender, receiver) = channel();
    let worker = thread::spawn(move || {
        let _ = sender.send(5);
    });
    let got = receiver.recv_timeout(Duration::from_millis(100)).unwrap_or(0);
    worker.join().unwrap();
    assert_eq!(got, 5);
}

fn spin_lock_released_by_all() {
    let locked = Arc::new(AtomicBool::new(false));
    let inside = Arc::new(AtomicUsize::new(0));
    let threads = (0..2)
        .map(|_| {
            let (locked, inside) = (locked.clone(), inside.clone());
            thread::spawn(move || {
                while locked.load(SeqCst) {
                    std::hint::spin_loop();
                }
                locked.store(true, SeqCst);
                assert_eq!(inside.fetch_add(1, SeqCst), 0, "two are inside");
                inside.fetch_sub(1, SeqCst);
                locked.store(false, SeqCst);
            })
        })
        .collect();
    join_all(threads);
}

fn spin_on_a_flag_nobody_sets() {
    let flag = Arc::new(AtomicBool::new(false));
    let other = flag.clone();
    let thread = thread::spawn(move || {
        let seen = other.load(SeqCst);
        if seen {
            other.store(true, SeqCst);
        }
    });
    while !flag.load(SeqCst) {
        std::hint::spin_loop();
    }
    thread.join().unwrap();
}

fn ticket_taken_twice() {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let take = || {
        let mine = NEXT.load(SeqCst);
        NEXT.store(mine + 1, SeqCst);
        mine
    };
    let threads = (0..2).map(|_| thread::spawn(take)).collect();
    let tickets = join_all(threads);
    assert_ne!(tickets[0], tickets[1]);
}

/// A message says that a thread is done with what it shares, not that it has dropped it.
fn owners_counted_too_early() {
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let (done, told) = channel();
    for number in 0..2 {
        let (numbers, done) = (numbers.clone(), done.clone());
        thread::spawn(move || {
            numbers.lock().unwrap().push(number);
            done.send(()).unwrap();
        });
    }
    told.recv().unwrap();
    told.recv().unwrap();
    let numbers = Arc::try_unwrap(numbers).unwrap().into_inner().unwrap();
    assert_eq!(numbers.len(), 2);
}

fn last_owner_by_its_count() {
    let closed = Arc::new(AtomicUsize::new(0));
    let token = Arc::new(());
    let threads = (0..2)
        .map(|_| {
            let (closed, token) = (closed.clone(), token.clone());
            thread::spawn(move || {
                if Arc::strong_count(&token) == 1 {
                    closed.fetch_add(1, SeqCst);
                }
            })
        })
        .collect();
    drop(token);
    join_all(threads);
    assert_eq!(closed.load(SeqCst), 1);
}

fn weak_exchange_without_a_loop() {
    let taken = AtomicBool::new(false);
    let wins: usize = thread::scope(|scope| {
        let take = || taken.compare_exchange_weak(false, true, SeqCst, SeqCst).is_ok();
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(take)).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!(wins, 1);
}

/// Nobody notifies anybody, and yet a wait may end before its time.
fn end_of_a_timed_wait_taken_for_its_time() {
    let (lock, changed) = (Mutex::new(()), Condvar::new());
    let wait = || {
        let guard = lock.lock().unwrap();
        let (_guard, result) = changed.wait_timeout(guard, Duration::from_millis(1)).unwrap();
        assert!(result.timed_out());
    };
    thread::scope(|scope| {
        scope.spawn(wait);
        scope.spawn(wait);
    });
}

struct Joins(Option<thread::JoinHandle<()>>);

impl Drop for Joins {
    fn drop(&mut self) {
        let _ = self.0.take().map(thread::JoinHandle::join);
    }
}

/// Drops the handle, which joins, before the sender that the thread waits for.
fn join_while_unwinding() {
    let (sender, receiver) = channel::<()>();
    let joins = Joins(Some(thread::spawn(move || assert!(receiver.recv().is_err()))));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _joins = joins;
        resume_unwind(Box::new("told to panic"));
    }));
    assert!(panicked.is_err());
    drop(sender);
}

fn join_under_a_lock() {
    let total = Arc::new(Mutex::new(0));
    let other = total.clone();
    let thread = thread::spawn(move || *other.lock().unwrap() += 1);
    let guard = total.lock().unwrap();
    thread.join().unwrap();
    drop(guard);
}
