//! Runs a batch of tasks that compute, or that wait.
//!
//!     cargo run -p cpu-or-io -- --kind cpu --tasks 12 --cores 4
//!
//! With `--threads` the number of threads is given, and not chosen. The first `--meet` tasks
//! wait for one another, and so for other threads. With `--even 1` the tasks go in rounds: each
//! waits until every thread has one, which is how tasks take equally long. Those that are left
//! over make a last, smaller round. With `--inner 2,3` each task runs a batch of two tasks on two
//! threads, and each of those one of three on three.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cpu_or_io::{Kind, run_batch, threads_for};
use stage::{Arguments, Meeting, event};

fn main() {
    let arguments =
        Arguments::take(&["kind", "tasks", "cores", "threads", "meet", "even", "inner"]);
    let here = thread::available_parallelism().map_or(1, usize::from);
    let tasks = arguments.get("tasks", 12);
    let cores = arguments.get("cores", here);
    let kind = match arguments.get("kind", "cpu".to_owned()).as_str() {
        "io" => Kind::Io,
        _ => Kind::Cpu,
    };
    let threads = match arguments.get("threads", 0) {
        0 => threads_for(kind, tasks, cores),
        given => given,
    };
    let inner = arguments.list("inner", Vec::new());
    event("main", format_args!("chosen={threads} on={:?}", thread::current().id()));

    let meeting = Meeting::new(arguments.get("meet", 1)).expect("there are pipes left");
    let rounds = Rounds::new(threads, tasks, arguments.get("even", 0) == 1);
    let results = run_batch(threads, tasks, |number| {
        let who = format!("task-{number}");
        event(&who, "start");
        event(&who, format_args!("on={:?}", thread::current().id()));
        // Waiting for others is what a task that waits for a network looks like from here.
        meeting.meet().expect("the pipes of the meeting are open");
        rounds.wait();
        run_inner(&inner);
        let result = steps_to_one(number as u64 + 1);
        event(&who, "end");
        result
    });

    let results: Vec<_> = results.iter().map(u64::to_string).collect();
    event("main", format_args!("results={}", results.join(",")));
}

/// Runs a batch of the first size, whose tasks run one of the second, and so on.
fn run_inner(sizes: &[usize]) {
    if let [size, deeper @ ..] = sizes {
        event("inner", format_args!("threads={size}"));
        run_batch(*size, *size, |number| {
            run_inner(deeper);
            number as u64
        });
    }
}

/// How many steps Collatz's rule takes from `number` to 1: a little computing.
fn steps_to_one(number: u64) -> u64 {
    let next =
        |number: &u64| Some(if number.is_multiple_of(2) { number / 2 } else { 3 * number + 1 });
    std::iter::successors(Some(number), next).take_while(|&number| number != 1).count() as u64
}

/// Lets tasks go in rounds of one for each thread; those that are left over are the last round.
struct Rounds {
    round: Barrier,
    last: Barrier,
    /// How many tasks still find a place in a round.
    places: AtomicUsize,
}

impl Rounds {
    fn new(threads: usize, tasks: usize, even: bool) -> Self {
        let (places, left) = if even { (tasks - tasks % threads, tasks % threads) } else { (0, 0) };
        let places = AtomicUsize::new(places);
        // A barrier for 0 lets everybody pass.
        Self { round: Barrier::new(threads), last: Barrier::new(left), places }
    }

    fn wait(&self) {
        let less = |places: usize| places.checked_sub(1);
        let full = self.places.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok();
        let round = if full { &self.round } else { &self.last };
        round.wait();
    }
}
