//! The channel behind both kinds of senders.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SendError, TryRecvError, TrySendError};

use crate::engine::{
    Kind, Object, ObjectId, Place, Run, TaskId, WaitOn, Woken, exploring, point, wait, with_run,
};

pub(super) struct Channel<T> {
    object: Object,
    bound: Option<usize>,
    messages: RefCell<VecDeque<T>>,
    /// How many messages were ever taken; a send with bound 0 waits for its turn.
    taken: Cell<usize>,
    senders: Cell<usize>,
    receiver_lives: Cell<bool>,
    /// The receiver, while it waits.
    receiving: Cell<Option<TaskId>>,
    /// Senders that wait for room or for the receiver.
    sending: RefCell<Vec<TaskId>>,
}

#[expect(unsafe_code, reason = "a channel is shared between threads")]
// SAFETY: the threads of a schedule are coroutines on one thread of the operating system.
unsafe impl<T: Send> Send for Channel<T> {}
#[expect(unsafe_code, reason = "a channel is shared between threads")]
// SAFETY: as above.
unsafe impl<T: Send> Sync for Channel<T> {}

impl<T> Channel<T> {
    pub(super) fn new(bound: Option<usize>, at: Place) -> Arc<Self> {
        Arc::new(Self {
            object: Object::new(Kind::Channel, at),
            bound,
            messages: RefCell::new(VecDeque::new()),
            taken: Cell::new(0),
            senders: Cell::new(1),
            receiver_lives: Cell::new(true),
            receiving: Cell::new(None),
            sending: RefCell::new(Vec::new()),
        })
    }

    fn id(&self) -> Option<ObjectId> {
        self.object.id()
    }

    fn full(&self) -> bool {
        match self.bound {
            None => false,
            // One message may lie here while its sender waits for it to be taken.
            Some(0) => !self.messages.borrow().is_empty(),
            Some(bound) => self.messages.borrow().len() >= bound,
        }
    }

    fn push(&self, message: T) {
        self.messages.borrow_mut().push_back(message);
        self.wake_receiver();
    }

    fn pop(&self) -> Option<T> {
        let message = self.messages.borrow_mut().pop_front()?;
        self.taken.set(self.taken.get() + 1);
        with_run(Run::gets_on);
        self.wake_senders();
        Some(message)
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
}

/// One end of a channel.
pub(super) struct Side<T> {
    channel: Arc<Channel<T>>,
    sends: bool,
}

impl<T> Side<T> {
    pub(super) fn sender(channel: &Arc<Channel<T>>) -> Self {
        Self { channel: Arc::clone(channel), sends: true }
    }

    pub(super) fn receiver(channel: Arc<Channel<T>>) -> Self {
        Self { channel, sends: false }
    }

    pub(super) fn another_sender(&self) -> Self {
        self.channel.senders.set(self.channel.senders.get() + 1);
        Self::sender(&self.channel)
    }

    pub(super) fn send(&self, message: T, at: Place) -> Result<(), SendError<T>> {
        let channel = &*self.channel;
        let Some(object) = channel.id() else {
            return self.push_outside(message);
        };
        point(at, |run| format!("sends into {}", run.object_name(object)));
        loop {
            if !channel.receiver_lives.get() {
                return Err(SendError(message));
            }
            if !channel.full() {
                break;
            }
            channel.wait_to_send(object, at);
        }
        channel.push(message);
        if channel.bound == Some(0) {
            return self.wait_for_rendezvous(object, at);
        }
        Ok(())
    }

    /// Waits until the message that was just pushed is taken.
    fn wait_for_rendezvous(&self, object: ObjectId, at: Place) -> Result<(), SendError<T>> {
        let channel = &*self.channel;
        let before = channel.taken.get();
        while channel.taken.get() == before {
            if !channel.receiver_lives.get() {
                let message = channel.messages.borrow_mut().pop_front();
                return message.map_or(Ok(()), |message| Err(SendError(message)));
            }
            channel.wait_to_send(object, at);
        }
        Ok(())
    }

    pub(super) fn try_send(&self, message: T, at: Place) -> Result<(), TrySendError<T>> {
        let channel = &*self.channel;
        if let Some(object) = channel.id() {
            point(at, |run| format!("tries to send into {}", run.object_name(object)));
        }
        if !channel.receiver_lives.get() {
            return Err(TrySendError::Disconnected(message));
        }
        let room = match channel.bound {
            Some(0) => channel.receiving.get().is_some() && !channel.full(),
            _ => !channel.full(),
        };
        if !room {
            return Err(TrySendError::Full(message));
        }
        channel.push(message);
        Ok(())
    }

    /// `timeout` is in nanoseconds.
    pub(super) fn receive(&self, timeout: Option<u64>, at: Place) -> Result<T, RecvTimeoutError> {
        let channel = &*self.channel;
        let Some(object) = channel.id() else {
            return channel.pop().ok_or(RecvTimeoutError::Disconnected);
        };
        point(at, |run| format!("receives from {}", run.object_name(object)));
        let now = || with_run(|run| run.now).unwrap_or(0);
        let deadline = timeout.map(|timeout| now().saturating_add(timeout));
        loop {
            if let Some(message) = channel.pop() {
                return Ok(message);
            }
            if channel.senders.get() == 0 {
                return Err(RecvTimeoutError::Disconnected);
            }
            let left = deadline.map(|deadline| deadline.saturating_sub(now()));
            with_run(|run| {
                channel.receiving.set(Some(run.current));
                run.record_instead(at, |run| {
                    format!("waits for a message in {}", run.object_name(object))
                });
            });
            // A sender that waits for a receiver to be there may go on.
            let woken = wait(WaitOn::Receive(object), at, left);
            channel.receiving.set(None);
            if woken == Woken::TimedOut && channel.messages.borrow().is_empty() {
                with_run(|run| run.record(at, |_| "gives up: time is up".to_owned()));
                return Err(RecvTimeoutError::Timeout);
            }
        }
    }

    pub(super) fn try_receive(&self, at: Place) -> Result<T, TryRecvError> {
        let channel = &*self.channel;
        if let Some(object) = channel.id() {
            point(at, |run| format!("looks into {}", run.object_name(object)));
        }
        match channel.pop() {
            Some(message) => Ok(message),
            None if channel.senders.get() == 0 => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    fn push_outside(&self, message: T) -> Result<(), SendError<T>> {
        if self.channel.receiver_lives.get() {
            self.channel.push(message);
            Ok(())
        } else {
            Err(SendError(message))
        }
    }

    fn leave(&self) {
        let channel = &*self.channel;
        if self.sends {
            channel.senders.set(channel.senders.get().saturating_sub(1));
            if channel.senders.get() == 0 {
                channel.wake_receiver();
            }
        } else {
            channel.receiver_lives.set(false);
            channel.wake_senders();
            if channel.bound != Some(0) {
                drop(channel.messages.take());
            }
        }
    }
}

/// Leaving is noticed by the other side when it is the last of its kind that leaves.
impl<T> Drop for Side<T> {
    fn drop(&mut self) {
        if with_run(|run| run.stopped()) == Some(true) {
            return;
        }
        let last = !self.sends || self.channel.senders.get() == 1;
        if last
            && exploring()
            && let Some(object) = self.channel.id()
        {
            let at = self.channel.object.made_at();
            let what = if self.sends { "last sender" } else { "receiver" };
            point(at, |run| format!("drops the {what} of {}", run.object_name(object)));
        }
        self.leave();
    }
}
