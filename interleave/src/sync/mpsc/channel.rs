//! The channel behind both kinds of senders.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SendError, TryRecvError, TrySendError};

use super::gate::{End, Entry, Gate};
use crate::engine::{Place, afterwards};

pub(super) struct Channel<T> {
    gate: Gate,
    messages: RefCell<VecDeque<T>>,
}

#[expect(unsafe_code, reason = "a channel is shared between threads")]
// SAFETY: the threads of a schedule are coroutines on one thread of the operating system.
unsafe impl<T: Send> Send for Channel<T> {}
#[expect(unsafe_code, reason = "a channel is shared between threads")]
// SAFETY: as above.
unsafe impl<T: Send> Sync for Channel<T> {}

impl<T> Channel<T> {
    pub(super) fn new(bound: Option<usize>, at: Place) -> Arc<Self> {
        Arc::new(Self { gate: Gate::new(bound, at), messages: RefCell::new(VecDeque::new()) })
    }

    fn push(&self, message: T) {
        self.messages.borrow_mut().push_back(message);
        self.gate.put();
    }

    fn pop(&self) -> Option<T> {
        let message = self.messages.borrow_mut().pop_front()?;
        self.gate.took();
        Some(message)
    }
}

/// One end of a channel.
pub(super) struct Side<T> {
    channel: Arc<Channel<T>>,
    end: End,
}

impl<T> Side<T> {
    pub(super) fn sender(channel: &Arc<Channel<T>>) -> Self {
        Self { channel: Arc::clone(channel), end: End::Sender }
    }

    pub(super) fn receiver(channel: Arc<Channel<T>>) -> Self {
        Self { channel, end: End::Receiver }
    }

    pub(super) fn another_sender(&self) -> Self {
        self.channel.gate.add_sender();
        Self::sender(&self.channel)
    }

    pub(super) fn send(&self, message: T, at: Place) -> Result<(), SendError<T>> {
        let channel = &*self.channel;
        if !channel.gate.wait_for_room(at) {
            return Err(SendError(message));
        }
        channel.push(message);
        if channel.gate.is_rendezvous() && !channel.gate.wait_until_taken(at) {
            let message = channel.messages.borrow_mut().pop_front();
            return message.map_or(Ok(()), |message| Err(SendError(message)));
        }
        afterwards();
        Ok(())
    }

    pub(super) fn try_send(&self, message: T, at: Place) -> Result<(), TrySendError<T>> {
        match self.channel.gate.try_enter(at) {
            Entry::Open => {
                self.channel.push(message);
                afterwards();
                Ok(())
            }
            Entry::Full => Err(TrySendError::Full(message)),
            Entry::Closed => Err(TrySendError::Disconnected(message)),
        }
    }

    /// `timeout` is in nanoseconds.
    pub(super) fn receive(&self, timeout: Option<u64>, at: Place) -> Result<T, RecvTimeoutError> {
        self.channel.gate.wait_for_message(timeout, at)?;
        self.channel.pop().ok_or(RecvTimeoutError::Disconnected)
    }

    pub(super) fn try_receive(&self, at: Place) -> Result<T, TryRecvError> {
        self.channel.gate.look(at);
        match self.channel.pop() {
            Some(message) => Ok(message),
            None if self.channel.gate.no_senders() => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }
}

impl<T> Drop for Side<T> {
    fn drop(&mut self) {
        if self.channel.gate.leave(self.end) {
            drop(self.channel.messages.take());
        }
    }
}
