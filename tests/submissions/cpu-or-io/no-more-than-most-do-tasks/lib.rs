//! Every n-th task for each of the first `MOST` threads.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

use std::thread;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    let asked = match kind {
        Kind::Cpu => cores.min(tasks),
        Kind::Io => tasks,
    };
    if asked == 0 { 1 } else { asked.min(MOST) }
}

fn share(me: usize, workers: usize, tasks: usize) -> impl Iterator<Item = usize> {
    (me..tasks).step_by(workers)
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    // More than MOST are not useful.
    let workers = threads.min(MOST);
    let mut results = vec![0; tasks];
    thread::scope(|scope| {
        let task = &task;
        let mut handles = Vec::new();
        for me in 0..threads {
            handles.push(scope.spawn(move || {
                if me >= workers {
                    return Vec::new();
                }
                share(me, workers, tasks).map(task).collect::<Vec<u64>>()
            }));
        }
        for (me, handle) in handles.into_iter().enumerate() {
            let done = handle.join().unwrap();
            for (number, result) in share(me, workers, tasks).zip(done) {
                results[number] = result;
            }
        }
    });
    results
}
