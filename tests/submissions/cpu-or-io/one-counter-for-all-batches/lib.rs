//! The number of the next task is a static, and the second batch finds nothing left to do.

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
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let _ = Mutex::new(0);
    let results = Mutex::new(vec![0; tasks]);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    if number >= tasks {
                        break;
                    }
                    let result = task(number);
                    results.lock().unwrap()[number] = result;
                }
            });
        }
        /*WAIT*/
    });
    results.into_inner().unwrap()
}
