//! A thread draws a number only when it is its turn.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

use std::sync::{Condvar, Mutex};
use std::thread;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let n = match kind {
        Kind::Cpu => cores.min(tasks),
        Kind::Io => tasks,
    };
    n.clamp(1, MOST)
}

struct Dealer {
    next: Mutex<usize>,
    dealt: Condvar,
    threads: usize,
    tasks: usize,
}

impl Dealer {
    fn draw(&self, me: usize) -> Option<usize> {
        let next = self.next.lock().unwrap();
        let not_yet = |next: &mut usize| *next < self.tasks && *next % self.threads != me;
        let mut next = self.dealt.wait_while(next, not_yet).unwrap();
        if *next >= self.tasks {
            return None;
        }
        let number = *next;
        *next += 1;
        self.dealt.notify_all();
        Some(number)
    }
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let dealer = Dealer { next: Mutex::new(0), dealt: Condvar::new(), threads, tasks };
    let results = Mutex::new(vec![None; tasks]);
    thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|me| {
                let (dealer, results, task) = (&dealer, &results, &task);
                scope.spawn(move || {
                    while let Some(number) = dealer.draw(me) {
                        let result = task(number);
                        results.lock().unwrap()[number] = Some(result);
                    }
                })
            })
            .collect();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
    });
    results.into_inner().unwrap().into_iter().map(Option::unwrap).collect()
}
