//! An exchange with somebody who hangs up.

use std::io;
use std::thread;
use std::time::Duration;

use duplex::{Connection, Message};
use nix::unistd::{Pid, getppid};
use stage::{event, until_asleep};

use super::bytes::{something_came, waiting};
use crate::in_words;

/// The parent would exchange messages, and the child hangs up meanwhile.
pub fn with_nobody(who: &str, mut connection: Connection) -> io::Result<()> {
    if who == "child" {
        take_what_comes(getppid());
        return Ok(());
    }
    let mine = Message { name: "mine".to_owned(), fields: Vec::new() };
    match connection.exchange(&mine) {
        Ok(message) => event(who, format_args!("exchanged {}", in_words(&message))),
        Err(_) => event(who, "alone"),
    }
    Ok(())
}

/// Reads what `sender` has sent until it sleeps; soon gives up in any case. An end with something
/// left to be read does not look like an end to the other side.
fn take_what_comes(sender: Pid) {
    for _ in 0..500 {
        if something_came(&[]) {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    until_asleep(sender.as_raw());
    for end in 3..1024 {
        let mut bytes = vec![0_u8; waiting(end) as usize];
        if !bytes.is_empty() {
            // SAFETY: the bytes live long enough.
            unsafe { libc::read(end, bytes.as_mut_ptr().cast(), bytes.len()) };
        }
    }
}
