//! Children send lists through pipes, and their parent gathers them.
//!
//!     cargo run -p pipe -- --children 5 --numbers 1,2,3,4,5
//!
//! Each child sends `--numbers`, or with `--length 30000` that many times its own number; with
//! `--shorter 1` one less than the child before it. The first `--meet` children wait for one
//! another before they send. With `--times 2` they are gathered twice. What else may happen stands
//! in `acts`, for the checks.

mod acts;

use std::io;

use pipe::gather;
use stage::{Arguments, Meeting, event};

fn main() -> io::Result<()> {
    let known = [
        "children",
        "numbers",
        "shorter",
        "length",
        "meet",
        "die",
        "panic",
        "catch",
        "interrupt",
        "beside",
        "torn",
        "scarce",
        "other",
        "pieces",
        "times",
        "gone",
    ];
    let arguments = Arguments::take(&known);
    let numbers = arguments.list("numbers", vec![1, 2, 3, 4, 5]);
    acts::be_interrupted()?;
    if arguments.get("gone", 0) != 0 {
        return acts::parent_is_gone();
    }
    let times = arguments.get("times", 1);
    let gather_all = || (0..times).try_for_each(|_| from_children(&arguments, &numbers));
    match (arguments.get("pieces", 0), arguments.get("other", 0)) {
        (0, 0) => gather_all(),
        (0, status) => acts::beside_another(status, gather_all),
        (size, _) => acts::in_pieces(size, &numbers),
    }
}

fn from_children(arguments: &Arguments, numbers: &[i64]) -> io::Result<()> {
    let children = arguments.get("children", 5);
    let shorter = arguments.get("shorter", 0);
    let length: usize = arguments.get("length", 0);
    let scarce = arguments.get("scarce", 0);
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    let mishaps = acts::Mishaps::new(arguments, children)?;

    if scarce > 0 {
        acts::permit_descriptors(scarce)?;
    }
    let gathered = gather(children, |number| {
        let who = format!("child-{number}");
        event(&who, "start");
        meeting.meet().expect("the pipes of the meeting are open");
        mishaps.before_it_sends(number);
        event(&who, "send");
        mishaps.when_it_sends(number);
        let less = shorter * (number - 1);
        match length {
            0 => numbers[..numbers.len().saturating_sub(less)].to_vec(),
            length => vec![number as i64; length.saturating_sub(less)],
        }
    });
    let lists = match gathered {
        // What may be an error then, says the comment of `gather`.
        Err(error) if mishaps.torn || scarce > 0 => {
            event("main", "error");
            eprintln!("the error says: {error}");
            return Ok(());
        }
        gathered => gathered?,
    };
    // Not more than anybody can read, should they have come apart.
    for list in lists.iter().take(1_000) {
        event("main", format_args!("got {}", in_short(list)));
    }
    event("main", format_args!("lists={}", lists.len()));
    Ok(())
}

/// `[1 2 3]`, and `[3x7]` for three sevens in a row.
fn in_short(list: &[i64]) -> String {
    const SHOWN: usize = 12;
    let runs: Vec<_> = list.chunk_by(|one, next| one == next).collect();
    let words = runs.iter().take(SHOWN).map(|run| match run.len() {
        1 => run[0].to_string(),
        count => format!("{count}x{}", run[0]),
    });
    let rest = if runs.len() > SHOWN { " ..." } else { "" };
    format!("[{}{rest}]", words.collect::<Vec<_>>().join(" "))
}
