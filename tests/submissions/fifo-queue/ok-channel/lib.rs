//! A channel of std, and a count of what is not done yet.

use std::sync::atomic::{AtomicIsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Condvar, Mutex};

pub struct Queue<T> {
    sender: AnySender<T>,
    /// One consumer at a time may wait for an item; the others wait for it.
    receiver: Mutex<Receiver<T>>,
    inside: AtomicIsize,
    unfinished: Mutex<usize>,
    all_done: Condvar,
}

enum AnySender<T> {
    Bounded(SyncSender<T>),
    Unbounded(Sender<T>),
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        let (sender, receiver) = if maxsize > 0 {
            let (sender, receiver) = mpsc::sync_channel(maxsize as usize);
            (AnySender::Bounded(sender), receiver)
        } else {
            let (sender, receiver) = mpsc::channel();
            (AnySender::Unbounded(sender), receiver)
        };
        Queue {
            sender,
            receiver: Mutex::new(receiver),
            inside: AtomicIsize::new(0),
            unfinished: Mutex::new(0),
            all_done: Condvar::new(),
        }
    }

    pub fn put(&self, item: T) {
        // Before it can be taken out, so that `join` never misses it.
        *self.unfinished.lock().unwrap() += 1;
        let sent = match &self.sender {
            AnySender::Bounded(sender) => sender.send(item).is_ok(),
            AnySender::Unbounded(sender) => sender.send(item).is_ok(),
        };
        assert!(sent, "the receiver lives as long as the queue");
        self.inside.fetch_add(1, Ordering::SeqCst);
    }

    pub fn get(&self) -> T {
        let item = self.receiver.lock().unwrap().recv().expect("the sender lives as long");
        self.inside.fetch_sub(1, Ordering::SeqCst);
        item
    }

    /// An item may be taken out before it is counted in, so less than nothing is nothing.
    pub fn len(&self) -> usize {
        self.inside.load(Ordering::SeqCst).max(0) as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut unfinished = self.unfinished.lock().unwrap();
        *unfinished = unfinished.checked_sub(1).expect("there was something to do");
        if *unfinished == 0 {
            self.all_done.notify_all();
        }
    }

    pub fn join(&self) {
        let unfinished = self.unfinished.lock().unwrap();
        drop(self.all_done.wait_while(unfinished, |unfinished| *unfinished > 0).unwrap());
    }
}
