//! What may happen to children and their parent when there are lists to be sent.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::panic::{catch_unwind, resume_unwind};

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;
use stage::{Arguments, until_asleep};

use super::signals::{interrupt_sleep, stop};

pub struct Mishaps {
    /// The number of the last child.
    children: usize,
    die: usize,
    panic: usize,
    catch: usize,
    interrupt: usize,
    beside: bool,
    pub torn: bool,
    parent: Pid,
    tell: PipeWriter,
    hear: PipeReader,
}

impl Mishaps {
    pub fn new(arguments: &Arguments, children: usize) -> io::Result<Self> {
        let die = arguments.get("die", 0);
        let panic = arguments.get("panic", 0);
        let catch = arguments.get("catch", 0);
        let interrupt = arguments.get("interrupt", 0);
        let torn = arguments.get("torn", 0) != 0;
        let beside = torn || arguments.get("beside", 0) != 0;
        let (hear, tell) = io::pipe()?;
        let parent = Pid::this();
        Ok(Self { children, die, panic, catch, interrupt, beside, torn, parent, tell, hear })
    }

    pub fn before_it_sends(&self, number: usize) {
        if number == self.die {
            raise(Signal::SIGTERM).expect("a process may send signals to itself");
        }
        if number == self.panic {
            // Unwinds as a panic does, without the message.
            resume_unwind(Box::new("told to panic"));
        }
        if number == self.catch {
            let panicked = catch_unwind(|| panic!("this panic is caught by the work"));
            assert!(panicked.is_err());
        }
        if number == self.interrupt {
            (0..3).for_each(|_| interrupt_sleep(self.parent));
        }
    }

    pub fn when_it_sends(&self, number: usize) {
        if self.beside && number == 1 {
            if self.torn {
                // Nobody reads what it sends until it has been killed.
                stop(self.parent);
            }
            let this = Pid::this().as_raw().to_ne_bytes();
            (&self.tell).write_all(&this).expect("the pipe is open");
        } else if self.beside && number == self.children {
            let mut first = [0; 4];
            (&self.hear).read_exact(&mut first).expect("the pipe is open");
            let first = i32::from_ne_bytes(first);
            // It works at its list, and sleeps when it has filled a pipe.
            (0..20).for_each(|_| until_asleep(first));
            if self.torn {
                kill(Pid::from_raw(first), Signal::SIGKILL).expect("it has not been reaped");
                kill(self.parent, Signal::SIGCONT).expect("the parent is there");
            }
        }
    }
}
