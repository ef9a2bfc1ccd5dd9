//! What the checks have the two sides do besides.
//!
//! - `--exchange 100,20`: both call `exchange`, the parent with name and key of 100 letters, the
//!   child with 20; if more numbers follow, they exchange names of so many letters afterwards; with
//!   `--siblings 1` two children do it;
//! - `--alone 1`: the parent calls `exchange`, and the child hangs up;
//! - `--gone 1`: whoever asks is killed, before a request and in one, and its partner ends;
//! - `--signals 1`: the parent handles a signal while it waits for a reply, and another while it
//!   waits for the partner's end;
//! - `--clip 1`: a short message ends before each of its bytes;
//! - `--cut 500000`: the child is killed while it sends a name of so many letters;
//! - `--other 77`: the program has another child, which has ended with that status and has not been
//!   waited for.

mod alone;
mod bytes;
mod clip;
mod cut;
mod gone;
mod other;
mod signals;
mod swap;

use std::io;

use duplex::Message;
use stage::Arguments;

pub use other::beside_another;

use crate::between_two;

/// Does what the arguments ask for, if it is one of these.
pub fn asked_for(arguments: &Arguments, message: &Message) -> Option<io::Result<()>> {
    if let [ours, theirs, more @ ..] = &arguments.list("exchange", vec![])[..] {
        let keeps = arguments.get("siblings", 0) == 0;
        return Some(between_two(keeps, |who, connection| {
            swap::swap(who, connection, if who == "main" { *ours } else { *theirs }, more)
        }));
    }
    if arguments.get("alone", 0) != 0 {
        return Some(between_two(true, alone::with_nobody));
    }
    if arguments.get("gone", 0) != 0 {
        let mut both = [false, true].into_iter();
        return Some(both.try_for_each(|asked| gone::asker_is_gone(message, asked)));
    }
    if arguments.get("signals", 0) != 0 {
        return Some(signals::wait_through_signals(message));
    }
    if arguments.get("clip", 0) != 0 {
        return Some(clip::clip());
    }
    let cut = arguments.get("cut", 0);
    (cut > 0).then(|| cut::die_while_sending(cut))
}
