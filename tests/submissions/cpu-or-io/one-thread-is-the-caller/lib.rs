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

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    if threads == 1 {
        // nothing to be gained by a thread
        return (0..tasks).map(task).collect();
    }
    let task = &task;
    let mut results = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|first| {
                scope.spawn(move || {
                    (first..tasks).step_by(threads).map(|n| (n, task(n))).collect::<Vec<_>>()
                })
            })
            .collect();
        handles.into_iter().flat_map(|handle| handle.join().unwrap()).collect::<Vec<_>>()
    });
    results.sort_unstable();
    results.into_iter().map(|(_, result)| result).collect()
}
