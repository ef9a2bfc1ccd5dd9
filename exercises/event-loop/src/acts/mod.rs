//! The world, and what the checks ask of it and of the listener besides.
//!
//! With `--full 1` there is a line in front of the half of a slow source, so long that both fill a
//! pipe, and it is to be heard before the others speak.
//! With `--late 1` the listener begins when the world has said all that it can, and all timers of
//! less than a minute are due; the world waits for none of them, and pipes hold a megabyte then.
//! With `--stays 1` it ends only when all whole lines have been heard.
//! With `--stuck 1` the world writes two lines and a half into each at once and then nothing, with
//! `--stuck 2` it also ends the first. With `--asleep 1` it says half a line, and as soon as the
//! listener sleeps it sends it a signal; when it sleeps again that is the end. With `--disturb 1`
//! it sends signals until all timers of less than a minute have fired. With `--tally 1` each timer
//! says how often the listener has fallen asleep so far. With `--chatter 1` there is one more
//! source, before the others, or with `--chatter 2` behind them, that speaks without a pause until
//! all others have ended and a line of its own has been heard. Lines have `--words` words, and
//! blanks around them and a carriage return behind them if they are long.

mod asleep;
mod chatter;
mod signals;
mod slow;
mod stuck;
mod world;

pub use asleep::times_asleep;
pub use chatter::Chatter;
pub use signals::{handle, ignore};
