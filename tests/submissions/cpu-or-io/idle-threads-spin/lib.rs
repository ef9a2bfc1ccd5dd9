//! A thread that finds no task asks again and again whether the others have finished theirs.

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
    let queue = Mutex::new(0..tasks);
    let results = Mutex::new(vec![0; tasks]);
    let done = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap().next();
                    let Some(number) = next else {
                        while done.load(std::sync::atomic::Ordering::SeqCst) < tasks {
                            thread::yield_now();
                        }
                        break;
                    };
                    let result = task(number);
                    results.lock().unwrap()[number] = result;
                    done.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                }
            });
        }
        /*WAIT*/
    });
    results.into_inner().unwrap()
}
