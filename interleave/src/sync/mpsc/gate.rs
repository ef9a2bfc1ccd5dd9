//! What a channel does, whatever it carries: who waits, who may go on, who is still there.
//!
//! Not generic, so that it is compiled once. The messages themselves lie in `Channel`, which
//! says when it has put one in or taken one out.

use std::cell::{Cell, RefCell};
use std::sync::mpsc::RecvTimeoutError;

use crate::engine::{
    Kind, Object, ObjectId, Place, Run, TaskId, WaitOn, Woken, exploring, point, wait, with_run,
};
use crate::sync::now;

pub(super) struct Gate {
    object: Object,
    bound: Option<usize>,
    /// Messages in the channel.
    length: Cell<usize>,
    /// How many messages were ever taken; a send with bound 0 waits for its turn.
    taken: Cell<usize>,
    senders: Cell<usize>,
    receiver_lives: Cell<bool>,
    /// The receiver, while it waits.
    receiving: Cell<Option<TaskId>>,
    /// Senders that wait for room or for the receiver.
    sending: RefCell<Vec<TaskId>>,
}

/// Which end of a channel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Sender,
    Receiver,
}

/// Whether a message may be put in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Open,
    Full,
    /// The receiver is gone.
    Closed,
}

impl Gate {
    pub(super) fn new(bound: Option<usize>, at: Place) -> Self {
        Self {
            object: Object::new(Kind::Channel, at),
            bound,
            length: Cell::new(0),
            taken: Cell::new(0),
            senders: Cell::new(1),
            receiver_lives: Cell::new(true),
            receiving: Cell::new(None),
            sending: RefCell::new(Vec::new()),
        }
    }

    pub(super) fn add_sender(&self) {
        self.senders.set(self.senders.get() + 1);
    }

    /// Whether nothing holds up more than its end.
    pub(super) fn is_rendezvous(&self) -> bool {
        self.bound == Some(0)
    }

    /// Waits until a message may be put in; false if the receiver is gone.
    pub(super) fn wait_for_room(&self, at: Place) -> bool {
        let Some(object) = self.object.id() else { return self.receiver_lives.get() };
        point(at, |run| format!("sends into {}", run.object_name(object)));
        loop {
            match self.entry() {
                Entry::Open => return true,
                Entry::Closed => return false,
                Entry::Full => self.wait_to_send(object, at),
            }
        }
    }

    fn entry(&self) -> Entry {
        // With bound 0, one message may lie here while its sender waits for it to be taken.
        let full = self.bound.is_some_and(|bound| self.length.get() >= bound.max(1));
        match (self.receiver_lives.get(), full) {
            (false, _) => Entry::Closed,
            (true, true) => Entry::Full,
            (true, false) => Entry::Open,
        }
    }

    /// Whether a message may be put in without waiting.
    pub(super) fn try_enter(&self, at: Place) -> Entry {
        if let Some(object) = self.object.id() {
            point(at, |run| format!("tries to send into {}", run.object_name(object)));
        }
        match self.entry() {
            Entry::Open if self.is_rendezvous() && self.receiving.get().is_none() => Entry::Full,
            entry => entry,
        }
    }

    /// A message was put in.
    pub(super) fn put(&self) {
        self.length.set(self.length.get() + 1);
        with_run(Run::gets_on);
        self.wake_receiver();
    }

    /// A message was taken out.
    pub(super) fn took(&self) {
        self.length.set(self.length.get() - 1);
        self.taken.set(self.taken.get() + 1);
        with_run(Run::gets_on);
        self.wake_senders();
    }

    /// Waits until the message that was just put in is taken; false if it never will be.
    pub(super) fn wait_until_taken(&self, at: Place) -> bool {
        let Some(object) = self.object.id() else { return true };
        let before = self.taken.get();
        while self.taken.get() == before {
            if !self.receiver_lives.get() {
                return false;
            }
            self.wait_to_send(object, at);
        }
        true
    }

    /// Waits until there is a message. `timeout` is in nanoseconds.
    pub(super) fn wait_for_message(
        &self,
        timeout: Option<u64>,
        at: Place,
    ) -> Result<(), RecvTimeoutError> {
        let Some(object) = self.object.id() else {
            return if self.length.get() > 0 {
                Ok(())
            } else {
                Err(RecvTimeoutError::Disconnected)
            };
        };
        point(at, |run| format!("receives from {}", run.object_name(object)));
        let deadline = timeout.map(|timeout| now().saturating_add(timeout));
        loop {
            if self.length.get() > 0 {
                return Ok(());
            }
            if self.senders.get() == 0 {
                return Err(RecvTimeoutError::Disconnected);
            }
            let left = deadline.map(|deadline| deadline.saturating_sub(now()));
            with_run(|run| {
                self.receiving.set(Some(run.current));
                run.record_instead(at, |run| {
                    format!("waits for a message in {}", run.object_name(object))
                });
            });
            // A sender that waits for a receiver to be there may go on.
            let woken = wait(WaitOn::Receive(object), at, left);
            self.receiving.set(None);
            if woken == Woken::TimedOut && self.length.get() == 0 {
                with_run(|run| run.record(at, |_| "gives up: time is up".to_owned()));
                return Err(RecvTimeoutError::Timeout);
            }
        }
    }

    /// A look for a message, before it is taken.
    pub(super) fn look(&self, at: Place) {
        if let Some(object) = self.object.id() {
            point(at, |run| format!("looks into {}", run.object_name(object)));
        }
    }

    pub(super) fn no_senders(&self) -> bool {
        self.senders.get() == 0
    }

    fn wake_receiver(&self) {
        if let Some(task) = self.receiving.take() {
            with_run(|run| run.wake(task, Woken::Notified));
        }
    }

    fn wake_senders(&self) {
        for task in self.sending.take() {
            with_run(|run| run.wake(task, Woken::Notified));
        }
    }

    /// Waits until the receiver acts.
    fn wait_to_send(&self, object: ObjectId, at: Place) {
        with_run(|run| {
            self.sending.borrow_mut().push(run.current);
            run.record_instead(at, |run| format!("waits for room in {}", run.object_name(object)));
        });
        wait(WaitOn::Send(object), at, None);
    }

    /// One end is dropped, which the other side notices when it is the last of its kind. True
    /// if the messages that are left are to be dropped too.
    pub(super) fn leave(&self, end: End) -> bool {
        if with_run(|run| run.stopped()) == Some(true) {
            return false;
        }
        let last = end == End::Receiver || self.senders.get() == 1;
        if last
            && exploring()
            && let Some(object) = self.object.id()
        {
            let at = self.object.made_at();
            let what = if end == End::Sender { "last sender" } else { "receiver" };
            point(at, |run| format!("drops the {what} of {}", run.object_name(object)));
        }
        match end {
            End::Sender => {
                self.senders.set(self.senders.get().saturating_sub(1));
                if self.senders.get() == 0 {
                    self.wake_receiver();
                }
                false
            }
            End::Receiver => {
                self.receiver_lives.set(false);
                self.wake_senders();
                !self.is_rendezvous()
            }
        }
    }
}
