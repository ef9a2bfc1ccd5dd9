//! [`std::sync::mpsc`] under the explorer.

mod channel;
mod gate;

use std::fmt;
use std::panic::Location;
pub use std::sync::mpsc::{RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError};
use std::time::Duration;

use channel::{Channel, Side};

use super::nanoseconds;

/// A channel without a bound.
#[track_caller]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let channel = Channel::new(None, Location::caller());
    (Sender { side: Side::sender(&channel) }, Receiver { side: Side::receiver(channel) })
}

/// A channel that holds up to `bound` messages; with 0, a send waits for its receiver.
#[track_caller]
pub fn sync_channel<T>(bound: usize) -> (SyncSender<T>, Receiver<T>) {
    let channel = Channel::new(Some(bound), Location::caller());
    (SyncSender { side: Side::sender(&channel) }, Receiver { side: Side::receiver(channel) })
}

/// [`std::sync::mpsc::Sender`] under the explorer.
pub struct Sender<T> {
    side: Side<T>,
}

/// [`std::sync::mpsc::SyncSender`] under the explorer.
pub struct SyncSender<T> {
    side: Side<T>,
}

/// [`std::sync::mpsc::Receiver`] under the explorer.
pub struct Receiver<T> {
    side: Side<T>,
}

impl<T> Sender<T> {
    /// Appends a message.
    ///
    /// # Errors
    ///
    /// If the receiver is gone, gives the message back.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.side.send(message, Location::caller())
    }
}

impl<T> SyncSender<T> {
    /// Appends a message; waits while the channel is full.
    ///
    /// # Errors
    ///
    /// If the receiver is gone, gives the message back.
    #[track_caller]
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.side.send(message, Location::caller())
    }

    /// Appends a message if that needs no waiting.
    ///
    /// # Errors
    ///
    /// If the channel is full or the receiver is gone, gives the message back.
    #[track_caller]
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.side.try_send(message, Location::caller())
    }
}

impl<T> Receiver<T> {
    /// Waits for a message.
    ///
    /// # Errors
    ///
    /// If there is none and every sender is gone.
    #[track_caller]
    pub fn recv(&self) -> Result<T, RecvError> {
        self.side.receive(None, Location::caller()).map_err(|_| RecvError)
    }

    /// Takes a message if there is one.
    ///
    /// # Errors
    ///
    /// If there is none.
    #[track_caller]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        self.side.try_receive(Location::caller())
    }

    /// Waits for a message, but no longer than `timeout`.
    ///
    /// # Errors
    ///
    /// If there is none in time, or every sender is gone.
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.side.receive(Some(nanoseconds(timeout)), Location::caller())
    }

    /// Messages until every sender is gone.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self }
    }

    /// Messages until there is none at the moment.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter { receiver: self }
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { side: self.side.another_sender() }
    }
}

impl<T> Clone for SyncSender<T> {
    fn clone(&self) -> Self {
        Self { side: self.side.another_sender() }
    }
}

/// See [`Receiver::iter`].
#[derive(Debug)]
pub struct Iter<'a, T: 'a> {
    receiver: &'a Receiver<T>,
}

/// See [`Receiver::try_iter`].
#[derive(Debug)]
pub struct TryIter<'a, T: 'a> {
    receiver: &'a Receiver<T>,
}

/// Messages until every sender is gone, with the receiver inside.
#[derive(Debug)]
pub struct IntoIter<T> {
    receiver: Receiver<T>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    #[track_caller]
    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for SyncSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncSender").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
