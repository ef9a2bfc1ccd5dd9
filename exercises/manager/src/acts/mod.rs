//! What the checks ask of the manager besides.
//!
//! - `odd`: names, numbers and a crowd that are out of the ordinary;
//! - `inside`, `wait`, `still`: one client holds the lock, others try to get it, wait for it, or have
//!   nothing to do with it; `still` has no end;
//! - `die`: clients are killed while they hold the lock, or wait for it;
//! - `keys`: some that are not the key;
//! - `strangers`: nonsense, silence, and many who come and go, where there are few descriptors;
//! - `end`, `kill`: the server is shut down, or killed, while clients need it.

mod child;
mod die;
mod end;
mod keys;
mod lock;
mod odd;
mod strangers;

use std::io;

use stage::Arguments;

pub use end::{end, killed};
pub use strangers::limit_descriptors;

use crate::Place;

pub fn play(act: &str, place: &Place<'_>, arguments: &Arguments) -> io::Result<()> {
    match act {
        "odd" => odd::odd(place, arguments.get("count", 100)),
        "inside" => lock::inside(place),
        "wait" => lock::wait(place),
        "still" => lock::still(place),
        "die" => die::die(place),
        "keys" => keys::keys(place, &arguments.get("wrong", "open sesam".to_owned())),
        "strangers" => strangers::strangers(place),
        other => Err(io::Error::other(format!("there is no act `{other}`"))),
    }
}
