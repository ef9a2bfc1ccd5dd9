//! What the checks ask of shared memory besides.
//!
//! - `answer`: the parent writes while the child is there already, and the child answers;
//! - `beside`, `half`: one process writes again and again, another looks for what that spoils;
//! - `set`: an integer is set during an update of it, or of the one beside it;
//! - `outside`: reads and writes one place after the last;
//! - `drop`: counts what is left of what has been made and dropped;
//! - `die`: a process that has some of each kind is killed.

mod answer;
mod outside;
mod remains;
mod set;
mod torn;

use std::io;

use stage::Arguments;

pub fn play(act: &str, text: &str, arguments: &Arguments) -> io::Result<()> {
    match act {
        "answer" => answer::answer(text),
        "beside" => torn::write_side_by_side(arguments.get("rounds", 100)),
        "half" => torn::half_a_number(arguments.get("rounds", 1000)),
        "set" => {
            let number = arguments.get("number", 7.0) as i64;
            set::set_during_an_update(number, arguments.get("at", 1))
        }
        "outside" => outside::outside(arguments.get("count", 5)),
        "drop" => remains::make_and_drop(arguments.get("times", 20)),
        "die" => remains::die_with_all_kinds(),
        other => Err(io::Error::other(format!("there is no act `{other}`"))),
    }
}
