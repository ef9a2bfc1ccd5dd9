//! Threads that wait for each other for ever.

use std::sync::{Arc, Barrier, Condvar, Mutex, RwLock, mpsc};
use std::thread;

use crate::system::{Behaviour, mark};

pub(crate) const ALL: &[Behaviour] = &[
    ("crosswise", crosswise),
    ("crosswise-with-main", crosswise_with_main),
    ("condvar", condvar),
    ("self-lock", self_lock),
    ("receiver", receiver),
    ("guard-leaked", guard_leaked),
    ("barrier-short", barrier_short),
    ("rwlock-upgrade", rwlock_upgrade),
    ("philosophers", philosophers),
    ("full-channel", full_channel),
    ("park", park),
];

fn crosswise() {
    let left = Arc::new(Mutex::new(1));
    let right = Arc::new(Mutex::new(2));
    let both = Arc::new(Barrier::new(2));
    let start = |name: &str, first: &Arc<Mutex<i32>>, second: &Arc<Mutex<i32>>| {
        let (first, second, both) = (first.clone(), second.clone(), both.clone());
        let work = move || {
            let _first = first.lock().unwrap();
            both.wait();
            mark();
            let _second = second.lock().unwrap();
        };
        thread::Builder::new().name(name.to_owned()).spawn(work).unwrap()
    };
    let workers = [start("worker-0", &left, &right), start("worker-1", &right, &left)];
    for worker in workers {
        worker.join().unwrap();
    }
}

fn crosswise_with_main() {
    let left = Arc::new(Mutex::new(1));
    let right = Arc::new(Mutex::new(2));
    let both = Arc::new(Barrier::new(2));
    let held = left.lock().unwrap();
    let worker = {
        let (left, right, both) = (left.clone(), right.clone(), both.clone());
        thread::Builder::new()
            .name("worker-1".to_owned())
            .spawn(move || {
                let _right = right.lock().unwrap();
                both.wait();
                let _left = left.lock().unwrap();
            })
            .unwrap()
    };
    both.wait();
    let _right = right.lock().unwrap();
    drop(held);
    worker.join().unwrap();
}

fn condvar() {
    let never = Arc::new((Mutex::new(false), Condvar::new()));
    let waiters = [0, 1, 2, 3].map(|number| {
        let never = never.clone();
        let wait = move || {
            let guard = never.0.lock().unwrap();
            mark();
            drop(never.1.wait_while(guard, |ready| !*ready).unwrap());
        };
        thread::Builder::new().name(format!("waiter-{number}")).spawn(wait).unwrap()
    });
    for waiter in waiters {
        waiter.join().unwrap();
    }
}

fn self_lock() {
    let lock = Mutex::new(1);
    let _first = lock.lock().unwrap();
    mark();
    let _second = lock.lock().unwrap();
}

fn receiver() {
    let (sender, receiver) = mpsc::channel::<i32>();
    let consumer = thread::spawn(move || {
        mark();
        receiver.into_iter().for_each(drop);
    });
    consumer.join().unwrap();
    drop(sender);
}

fn guard_leaked() {
    let lock = Arc::new(Mutex::new(1));
    let other = lock.clone();
    thread::spawn(move || std::mem::forget(other.lock().unwrap())).join().unwrap();
    drop(lock.lock().unwrap());
}

fn barrier_short() {
    let barrier = Arc::new(Barrier::new(3));
    let waiters = [(); 2].map(|()| {
        let barrier = barrier.clone();
        thread::spawn(move || barrier.wait())
    });
    for waiter in waiters {
        waiter.join().unwrap();
    }
}

fn rwlock_upgrade() {
    let lock = RwLock::new(1);
    let _read = lock.read().unwrap();
    drop(lock.write().unwrap());
}

fn philosophers() {
    let forks: Vec<_> = (0..5).map(|_| Arc::new(Mutex::new(()))).collect();
    let all = Arc::new(Barrier::new(5));
    let sit = |seat: usize| {
        let (left, right) = (forks[seat].clone(), forks[(seat + 1) % 5].clone());
        let all = all.clone();
        let eat = move || {
            let _left = left.lock().unwrap();
            all.wait();
            let _right = right.lock().unwrap();
        };
        thread::Builder::new().name(format!("seat-{seat}")).spawn(eat).unwrap()
    };
    let seats: Vec<_> = (0..5).map(sit).collect();
    seats.into_iter().for_each(|seat| seat.join().unwrap());
}

fn full_channel() {
    let (sender, receiver) = mpsc::sync_channel(1);
    (0..3).for_each(|item| sender.send(item).unwrap());
    drop(receiver);
}

fn park() {
    thread::park();
    println!("unparked");
}
