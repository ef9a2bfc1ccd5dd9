//! A server process that keeps a dict, a list and a lock for others, who reach it by proxies.
//!
//! This is the only file that you edit. `cargo test -p manager` judges it.

use std::io;
use std::path::Path;

/// A server process, and what is needed to end it.
pub struct Manager {
    // What does one need to know of the server?
}

impl Manager {
    /// Forks a server that keeps an empty dict, an empty list and a lock that nobody holds, and
    /// is reached by a Unix stream socket at `path`, where there is no file yet. It can be reached
    /// as soon as this returns; an error if the socket cannot be bound. The server is one process,
    /// and no other is created.
    ///
    /// The server serves a hundred clients at the same time, each as long as the client likes, and
    /// any number in the course of time: it keeps no descriptors of those that have gone (perhaps
    /// that of one that was waiting for the lock, until the lock is free). While nobody asks anything
    /// it sleeps, and does not wake up again and again. It serves only those who know `key`, which is
    /// 1 to 1000 bytes of any value. Whatever differs from it, by a zero byte at its end for
    /// instance, is wrong. Whatever strangers send does it no harm, also if they send nothing, or
    /// half a question, and stay.
    ///
    /// When this is called, signals are as std sets them before `main`: SIGPIPE is ignored, and no
    /// other is ignored, blocked or handled.
    pub fn start(path: &Path, key: &[u8]) -> io::Result<Manager> {
        let _ = (path, key);
        todo!("bind the socket, fork, and let the child serve")
    }

    /// Ends the server, whoever is still connected, waits for it, but for no other child, and
    /// removes the socket file. It does so as well if the server was killed before; then it may
    /// return an error. It is called for every manager.
    pub fn shutdown(self) -> io::Result<()> {
        todo!("tell the server to end, wait for it, clear away")
    }
}

/// A connection to the server: a proxy for what it keeps.
///
/// Once the server has ended, or been killed, every call is an error: one that waits for its answer
/// as well, and also if another server has been started at the same path, which serves only those
/// who connect to it. `connect` is an error while there is no server.
pub struct Client {
    // What leads to the server?
}

impl Client {
    /// Connects to the server at `path`; an error if it does not accept the key.
    pub fn connect(path: &Path, key: &[u8]) -> io::Result<Client> {
        let _ = (path, key);
        todo!("connect, show the key, see whether it is accepted")
    }

    /// Sets the value of `name` in the dict. A name is any text of up to a hundred bytes, zero bytes
    /// too, a value any number, NaN too.
    pub fn set(&mut self, name: &str, value: f64) -> io::Result<()> {
        let _ = (name, value);
        todo!("ask the server to set it")
    }

    /// The value of `name` in the dict; `None` if it has none.
    pub fn get(&mut self, name: &str) -> io::Result<Option<f64>> {
        let _ = name;
        todo!("ask the server for it")
    }

    /// Adds `item` at the end of the list.
    pub fn push(&mut self, item: i64) -> io::Result<()> {
        let _ = item;
        todo!("ask the server to add it")
    }

    /// Replaces the item at `index` of the list; an error if there is none.
    pub fn replace(&mut self, index: usize, item: i64) -> io::Result<()> {
        let _ = (index, item);
        todo!("ask the server to replace it")
    }

    /// The list, which may have ten thousand items.
    pub fn list(&mut self) -> io::Result<Vec<i64>> {
        todo!("ask the server for it")
    }

    /// Takes the lock; waits, asleep, while another client holds it. Neither holding it nor waiting
    /// for it keeps anybody from the dict and the list. A client that holds the lock does not ask for
    /// it again, by this or by `try_acquire` or `update`.
    ///
    /// A client that goes away, killed for instance, no longer holds the lock, nor waits for it.
    pub fn acquire(&mut self) -> io::Result<()> {
        todo!("ask for the lock; the answer may take its time")
    }

    /// Takes the lock if no other client holds it, and says at once whether it did.
    pub fn try_acquire(&mut self) -> io::Result<bool> {
        todo!("ask for the lock; the answer comes at once")
    }

    /// Gives the lock back. Called only by the client that holds it.
    pub fn release(&mut self) -> io::Result<()> {
        todo!("tell the server")
    }

    /// Replaces the item at `index` of the list by `next` of it; an error if there is none.
    ///
    /// Holds the lock from the reading to the writing, so that no update is lost, and gives it
    /// back, after an error too. `next` does not panic.
    pub fn update(&mut self, index: usize, next: impl FnOnce(i64) -> i64) -> io::Result<()> {
        let _ = (index, next);
        todo!("take the lock, read, compute, write, give it back")
    }
}
