//! RAII version: whoever has a Crew cannot forget to wait for it.
use std::thread::{self, JoinHandle};

struct Crew {
    members: Vec<JoinHandle<()>>,
}

impl Crew {
    fn new() -> Self {
        Crew { members: Vec::new() }
    }

    fn hire<J: FnOnce() + Send + 'static>(&mut self, name: &str, job: J) {
        let member = thread::Builder::new().name(name.to_string()).spawn(job);
        self.members.push(member.expect("could not start a thread"));
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let mut casualties = 0usize;
        for m in self.members.drain(..) {
            if m.join().is_err() {
                casualties += 1;
            }
        }
        if casualties > 0 && !thread::panicking() {
            panic!("{casualties} thread(s) of the crew panicked");
        }
    }
}

pub fn my_name() -> String {
    thread::current().name().map_or_else(|| "unnamed".to_owned(), str::to_owned)
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let mut crew = Crew::new();
    for name in names {
        let t = tick.clone();
        crew.hire(name, move || (1..=upto).for_each(t));
    }
    drop(crew);
}
