//! No condition variable: lists of parked threads, and a linked list of items.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, Thread};

struct Sleeper {
    thread: Thread,
    called: AtomicBool,
}

impl Sleeper {
    fn me() -> Arc<Sleeper> {
        Arc::new(Sleeper { thread: thread::current(), called: AtomicBool::new(false) })
    }
    fn call(&self) {
        self.called.store(true, Ordering::Release);
        self.thread.unpark();
    }
    fn sleep(&self) {
        while !self.called.load(Ordering::Acquire) {
            thread::park();
        }
    }
}

struct Cell<T> {
    item: T,
    below: Option<Box<Cell<T>>>,
}

struct Stack<T> {
    top: Option<Box<Cell<T>>>,
    height: usize,
    bound: Option<usize>,
    want_room: VecDeque<Arc<Sleeper>>,
    want_item: VecDeque<Arc<Sleeper>>,
}

impl<T> Stack<T> {
    fn push(&mut self, item: T) -> Result<(), T> {
        if self.bound == Some(self.height) {
            return Err(item);
        }
        self.top = Some(Box::new(Cell { item, below: self.top.take() }));
        self.height += 1;
        if let Some(s) = self.want_item.pop_front() {
            s.call();
        }
        Ok(())
    }

    fn pop(&mut self) -> Option<T> {
        let cell = self.top.take()?;
        self.top = cell.below;
        self.height -= 1;
        if let Some(s) = self.want_room.pop_front() {
            s.call();
        }
        Some(cell.item)
    }
}

impl<T> Drop for Stack<T> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

pub struct LifoQueue<T> {
    stack: Mutex<Stack<T>>,
}

impl<T> LifoQueue<T> {
    pub fn new(maxsize: i64) -> LifoQueue<T> {
        LifoQueue {
            stack: Mutex::new(Stack {
                top: None,
                height: 0,
                bound: (maxsize > 0).then_some(maxsize as usize),
                want_room: VecDeque::new(),
                want_item: VecDeque::new(),
            }),
        }
    }

    pub fn put(&self, item: T) {
        let mut item = item;
        loop {
            let sleeper = {
                let mut stack = self.stack.lock().unwrap();
                match stack.push(item) {
                    Ok(()) => return,
                    Err(back) => item = back,
                }
                let sleeper = Sleeper::me();
                stack.want_room.push_back(sleeper.clone());
                sleeper
            };
            sleeper.sleep();
        }
    }

    pub fn get(&self) -> T {
        loop {
            let sleeper = {
                let mut stack = self.stack.lock().unwrap();
                if let Some(item) = stack.pop() {
                    return item;
                }
                let sleeper = Sleeper::me();
                stack.want_item.push_back(sleeper.clone());
                sleeper
            };
            sleeper.sleep();
        }
    }

    pub fn try_put(&self, item: T) -> Result<(), T> {
        self.stack.lock().unwrap().push(item)
    }

    pub fn try_get(&self) -> Option<T> {
        self.stack.lock().unwrap().pop()
    }

    pub fn len(&self) -> usize {
        self.stack.lock().unwrap().height
    }

    pub fn is_empty(&self) -> bool {
        self.stack.lock().unwrap().top.is_none()
    }
}
