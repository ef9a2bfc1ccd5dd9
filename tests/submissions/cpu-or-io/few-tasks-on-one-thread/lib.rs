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

/// Which tasks a thread does.
fn part(thread: usize, threads: usize, tasks: usize) -> Vec<usize> {
    if tasks < threads {
        // Not worth spreading.
        return if thread == 0 { (0..tasks).collect() } else { Vec::new() };
    }
    (0..tasks).filter(|task| task % threads == thread).collect()
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let mut results = vec![0; tasks];
    thread::scope(|scope| {
        let task = &task;
        let mut handles = Vec::new();
        for thread in 0..threads {
            handles.push(scope.spawn(move || {
                let mut done = Vec::new();
                for number in part(thread, threads, tasks) {
                    done.push((number, task(number)));
                }
                done
            }));
        }
        for handle in handles {
            for (number, result) in handle.join().unwrap() {
                results[number] = result;
            }
        }
    });
    results
}
