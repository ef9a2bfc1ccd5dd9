//! Each task has a place that is written once.

use std::sync::Mutex;
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}
pub const MOST: usize = 64;
pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let wanted = match kind {
        Kind::Cpu => cores,
        Kind::Io => tasks,
    };
    wanted.min(tasks).min(MOST).max(1)
}
pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let _ = Mutex::new(0);
    let slots: Vec<std::sync::OnceLock<u64>> =
        (0..tasks).map(|_| std::sync::OnceLock::new()).collect();
    let all_here = std::sync::Barrier::new(threads);
    thread::scope(|scope| {
        let handles = (0..threads)
            .map(|me| {
                let (slots, task, all_here) = (&slots, &task, &all_here);
                scope.spawn(move || {
                    all_here.wait();
                    for number in (me..slots.len()).step_by(threads) {
                        slots[number].set(task(number)).unwrap();
                    }
                })
            })
            .collect::<Vec<_>>();
        for handle in handles {
            handle.join().unwrap();
        }
    });
    slots.into_iter().map(|slot| slot.into_inner().unwrap()).collect()
}
