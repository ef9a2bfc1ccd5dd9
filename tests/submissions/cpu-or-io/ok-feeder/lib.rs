//! A rendezvous channel: the caller offers the next number, who is free takes it.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Cpu,
    Io,
}

pub const MOST: usize = 64;

use std::sync::{Mutex, mpsc};
use std::thread;

pub fn threads_for(kind: Kind, tasks: usize, cores: usize) -> usize {
    match (kind, tasks) {
        (_, 0) => 1,
        (Kind::Cpu, tasks) => tasks.min(cores).min(MOST),
        (Kind::Io, tasks) => tasks.min(MOST),
    }
}

pub fn run_batch(threads: usize, tasks: usize, task: impl Fn(usize) -> u64 + Sync) -> Vec<u64> {
    let (offer, take) = mpsc::sync_channel::<usize>(0);
    let take = Mutex::new(take);
    let (report, reports) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let report = report.clone();
            let (take, task) = (&take, &task);
            scope.spawn(move || {
                loop {
                    let next = take.lock().unwrap().recv();
                    let Ok(number) = next else { break };
                    report.send((number, task(number))).unwrap();
                }
            });
        }
        for number in 0..tasks {
            offer.send(number).unwrap();
        }
        drop(offer);
    });
    drop(report);
    let mut results = vec![0; tasks];
    for (number, result) in reports {
        results[number] = result;
    }
    results
}
