//! A pool whose sender is alive while its workers are waited for. One of them waits for a
//! job, and holds the lock meanwhile.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

struct Pool {
    jobs: Sender<u32>,
    workers: Vec<JoinHandle<()>>,
}

fn pool(size: usize) -> Pool {
    let (jobs, todo) = mpsc::channel();
    let todo = Arc::new(Mutex::new(todo));
    let worker = |number| {
        let todo = todo.clone();
        let work = move || while let Ok(_job) = todo.lock().unwrap().recv() {};
        thread::Builder::new().name(format!("worker-{number}")).spawn(work).unwrap()
    };
    Pool { jobs, workers: (0..size).map(worker).collect() }
}

fn main() {
    let pool = pool(2);
    for job in 0..4 {
        pool.jobs.send(job).unwrap();
    }
    for worker in pool.workers {
        worker.join().unwrap();
    }
}
