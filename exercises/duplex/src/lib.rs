//! Two processes that talk to each other: structured messages, in both directions.
//!
//! This is the only file that you edit. `cargo test -p duplex` judges it.

use std::io;

/// What one side says to the other: `circle`, with `cx` 5, `cy` 3 and `radius` 5.
///
/// Names may hold any text, spaces and line breaks included, and may be empty.
/// Given; leave it as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What is meant.
    pub name: String,
    /// Names and numbers, in an order that matters. A name may occur more than once.
    pub fields: Vec<(String, i64)>,
}

/// One end of a connection over which both sides can send.
pub struct Connection {
    // What leads in both directions?
}

/// Two ends, connected with each other. What one sends, the other receives, whichever processes
/// have them: the one that called this may keep neither.
pub fn duplex() -> io::Result<(Connection, Connection)> {
    todo!("make a connection")
}

impl Connection {
    /// Sends a message of any size.
    ///
    /// One of less than 4 KiB (its texts, and 16 bytes for each field) is sent without waiting for
    /// the other side, even if that side has yet to receive four others.
    pub fn send(&mut self, message: &Message) -> io::Result<()> {
        let _ = message;
        todo!("turn the message into bytes that say where it ends, and write them")
    }

    /// Waits for the next message; `None` if there are no more, since the other end is closed in
    /// every process.
    ///
    /// An end in the midst of a message is an error. If the other end was closed before it had
    /// received everything, an end between messages may be the error `ECONNRESET`, too.
    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        todo!("read one message and nothing beyond it")
    }

    /// Sends `mine` and returns the message of the other side, which does the same at the same
    /// time. The messages may be of any size. Whoever calls this has received all that was sent to
    /// it before. What the other side sends at once behind its own call is left for `receive`.
    ///
    /// If the other side is gone instead, this is an error. If it has gone after it sent its
    /// message and before it had `mine`, either will do: its message or an error.
    pub fn exchange(&mut self, mine: &Message) -> io::Result<Message> {
        let _ = mine;
        todo!("send and receive; who goes first?")
    }
}

/// A process that answers.
///
/// A process has one partner at a time, and finishes it before it starts another. Signals that are
/// handled meanwhile end neither the wait for a reply nor the wait for the partner's end.
pub struct Partner {
    // What does the asking side need, to ask and to finish?
}

impl Partner {
    /// Forks one process, which answers each request with `answer(request)`, one after the other.
    /// `answer` does not panic, and may use all files that the caller has open.
    ///
    /// The process ends by itself when this side has finished or is gone, even in the midst of a
    /// request. It never returns from here. The caller has one thread.
    pub fn start(answer: impl FnMut(Message) -> Message) -> io::Result<Partner> {
        let _ = answer;
        todo!("connect, fork, and let the child answer until the end")
    }

    /// Sends `request` and returns the reply; an error if the partner dies before it replies.
    pub fn ask(&mut self, request: &Message) -> io::Result<Message> {
        let _ = request;
        todo!("send, then receive")
    }

    /// Lets the process end, and waits for it. However it ends is no error, even if it was killed.
    /// Other children of the caller's are left alone, whenever they end.
    pub fn finish(self) -> io::Result<()> {
        todo!("hang up, then wait")
    }
}
