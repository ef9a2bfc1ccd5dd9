use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex};

struct Exit<T> {
    items: Receiver<T>,
    taken: usize,
}

pub struct Queue<T> {
    entrance: Sender<T>,
    put: AtomicUsize,
    exit: Mutex<Exit<T>>,
    free: Mutex<i64>,
    freed: Condvar,
    bounded: bool,
    tasks: Mutex<usize>,
    no_tasks: Condvar,
}

impl<T> Queue<T> {
    pub fn new(maxsize: i64) -> Queue<T> {
        let (entrance, items) = channel();
        Queue {
            entrance,
            put: AtomicUsize::new(0),
            exit: Mutex::new(Exit { items, taken: 0 }),
            free: Mutex::new(maxsize),
            freed: Condvar::new(),
            bounded: maxsize > 0,
            tasks: Mutex::new(0),
            no_tasks: Condvar::new(),
        }
    }

    pub fn put(&self, item: T) {
        if self.bounded {
            let mut free = self.free.lock().unwrap();
            while *free == 0 {
                free = self.freed.wait(free).unwrap();
            }
            *free -= 1;
        }
        *self.tasks.lock().unwrap() += 1;
        self.put.fetch_add(1, Ordering::SeqCst);
        let _ = self.entrance.send(item);
    }

    pub fn get(&self) -> T {
        let mut exit = self.exit.lock().unwrap();
        let item = exit.items.recv().unwrap();
        exit.taken += 1;
        drop(exit);
        if self.bounded {
            *self.free.lock().unwrap() += 1;
            self.freed.notify_one();
        }
        item
    }

    pub fn len(&self) -> usize {
        let exit = self.exit.lock().unwrap();
        self.put.load(Ordering::SeqCst) - exit.taken
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn task_done(&self) {
        let mut tasks = self.tasks.lock().unwrap();
        if *tasks == 0 {
            drop(tasks);
            panic!("no task is left");
        }
        *tasks -= 1;
        if *tasks == 0 {
            self.no_tasks.notify_all();
        }
    }

    pub fn join(&self) {
        let tasks = self.tasks.lock().unwrap();
        drop(self.no_tasks.wait_while(tasks, |n| *n > 0).unwrap());
    }
}
