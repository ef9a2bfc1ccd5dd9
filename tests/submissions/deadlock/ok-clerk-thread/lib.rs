//! One thread does all the work of a bank; who wants something writes to it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnough;

enum Letter {
    Want { from: usize, to: usize, amount: u64, answer: Sender<Answer> },
    Booked { ticket: usize, answer: Sender<Answer> },
    Balance(usize, Sender<u64>),
    Total(Sender<u64>),
}

enum Answer {
    Go { ticket: usize },
    Refused,
    Moved,
}

struct Job {
    ticket: usize,
    from: usize,
    to: usize,
    amount: u64,
    /// Nobody to answer: it is under way.
    answer: Option<Sender<Answer>>,
}

struct Clerk {
    balances: Vec<u64>,
    jobs: Vec<Job>,
    tickets: usize,
}

impl Clerk {
    fn work(mut self, letters: Receiver<Letter>) {
        for letter in letters {
            match letter {
                Letter::Balance(account, answer) => {
                    let _ = answer.send(self.balances[account]);
                }
                Letter::Total(answer) => {
                    let _ = answer.send(self.balances.iter().sum());
                }
                Letter::Want { from, to, amount, answer } => {
                    self.tickets += 1;
                    let ticket = self.tickets;
                    self.jobs.push(Job { ticket, from, to, amount, answer: Some(answer) });
                    self.look_through();
                }
                Letter::Booked { ticket, answer } => {
                    let at = self.jobs.iter().position(|j| j.ticket == ticket).unwrap();
                    let job = self.jobs.remove(at);
                    self.balances[job.from] -= job.amount;
                    self.balances[job.to] += job.amount;
                    let _ = answer.send(Answer::Moved);
                    self.look_through();
                }
            }
        }
    }

    fn look_through(&mut self) {
        let mut taken = vec![false; self.balances.len()];
        let mut i = 0;
        while i < self.jobs.len() {
            let job = &mut self.jobs[i];
            let free = !taken[job.from] && !taken[job.to];
            if free && job.answer.is_some() {
                let answer = job.answer.take().unwrap();
                if self.balances[job.from] < job.amount {
                    let _ = answer.send(Answer::Refused);
                    self.jobs.remove(i);
                    continue;
                }
                let _ = answer.send(Answer::Go { ticket: job.ticket });
            }
            taken[job.from] = true;
            taken[job.to] = true;
            i += 1;
        }
    }
}

pub struct Bank {
    desk: Option<Sender<Letter>>,
    clerk: Option<JoinHandle<()>>,
}

impl Bank {
    pub fn new(balances: &[u64]) -> Bank {
        let (desk, letters) = channel();
        let clerk = Clerk { balances: balances.to_vec(), jobs: Vec::new(), tickets: 0 };
        let clerk = thread::spawn(move || clerk.work(letters));
        Bank { desk: Some(desk), clerk: Some(clerk) }
    }

    fn post(&self, letter: Letter) {
        self.desk.as_ref().unwrap().send(letter).ok().expect("the clerk is there");
    }

    pub fn transfer(
        &self,
        from: usize,
        to: usize,
        amount: u64,
        book: impl FnOnce(),
    ) -> Result<(), NotEnough> {
        let (answer, answers) = channel();
        self.post(Letter::Want { from, to, amount, answer: answer.clone() });
        match answers.recv().unwrap() {
            Answer::Go { ticket } => {
                book();
                self.post(Letter::Booked { ticket, answer });
                let _moved = answers.recv().unwrap();
                Ok(())
            }
            _ => Err(NotEnough),
        }
    }

    pub fn balance(&self, account: usize) -> u64 {
        let (answer, answers) = channel();
        self.post(Letter::Balance(account, answer));
        answers.recv().unwrap()
    }

    pub fn total(&self) -> u64 {
        let (answer, answers) = channel();
        self.post(Letter::Total(answer));
        answers.recv().unwrap()
    }
}

impl Drop for Bank {
    fn drop(&mut self) {
        self.desk = None;
        if let Some(clerk) = self.clerk.take() {
            let _ = clerk.join();
        }
    }
}
