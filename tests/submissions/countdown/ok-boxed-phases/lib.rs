//! The state is a box with a trait, and join exchanges it for the next one.

use std::thread::{Builder, JoinHandle};

trait Phase {
    fn alive(&self) -> bool;
    fn finish(self: Box<Self>) -> Box<dyn Phase + Send>;
}

struct Running<R> {
    handle: JoinHandle<R>,
}

struct Ended;

impl<R: Send + 'static> Phase for Running<R> {
    fn alive(&self) -> bool {
        !self.handle.is_finished()
    }
    fn finish(self: Box<Self>) -> Box<dyn Phase + Send> {
        let Running { handle } = *self;
        if handle.join().is_err() {
            eprintln!("the countdown panicked");
        }
        Box::new(Ended)
    }
}

impl Phase for Ended {
    fn alive(&self) -> bool {
        false
    }
    fn finish(self: Box<Self>) -> Box<dyn Phase + Send> {
        self
    }
}

pub struct Countdown {
    phase: Option<Box<dyn Phase + Send>>,
}

impl Countdown {
    pub fn start(from: u32, tick: impl FnMut(u32) + Send + 'static) -> Countdown {
        let body = move || -> u32 {
            (1..=from).rev().for_each(tick);
            from
        };
        let handle = Builder::new().name("countdown".into()).spawn(body).unwrap();
        Countdown { phase: Some(Box::new(Running { handle })) }
    }

    pub fn is_alive(&self) -> bool {
        self.phase.as_ref().is_some_and(|p| p.alive())
    }

    pub fn join(&mut self) {
        self.phase = self.phase.take().map(Phase::finish);
    }

    pub fn detach(mut self) {
        self.phase.take();
    }
}
