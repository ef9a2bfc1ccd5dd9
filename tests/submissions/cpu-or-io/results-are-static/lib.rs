use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let wanted = match kind {
        Kind::Cpu => cores.min(tasks),
        Kind::Io => tasks,
    };
    wanted.clamp(1, MOST)
}

static RESULTS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

fn write_down(number: usize, result: u64) {
    let mut results = RESULTS.lock().unwrap();
    if results.len() <= number {
        results.resize(number + 1, 0);
    }
    results[number] = result;
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    *RESULTS.lock().unwrap() = vec![0; tasks];
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= tasks {
                        break;
                    }
                    write_down(number, task(number));
                }
            });
        }
    });
    let results = RESULTS.lock().unwrap();
    (0..tasks).map(|number| results.get(number).copied().unwrap_or(0)).collect()
}
