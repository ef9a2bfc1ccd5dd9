//! Runs other programs. They are played by this program itself, so that none has to be installed.
//!
//!     cargo run -p subprocess -- --do call --play exit --status 3
//!     cargo run -p subprocess -- --do communicate --play mirror --bytes 200000
//!
//! `--play` names a part: `exit` ends with `--status` (below 0: by that signal), `mirror` copies its
//! input to both outputs. With `--program` another program is run. All parts stand in `acts`, as does
//! what else the checks ask for.

mod acts;

use std::env::current_exe;
use std::io;
use std::path::{Path, PathBuf};

use nix::sys::wait::{WaitStatus, waitpid};
use stage::{Arguments, event};
use subprocess::{call, communicate};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "do", "play", "program", "status", "bytes", "words", "times", "scarce", "refused", "other",
    ]);
    let part = arguments.get("play", "exit".to_owned());
    let status = arguments.get("status", 0);
    let bytes = arguments.get("bytes", 100);
    let program = arguments.get("program", PathBuf::new());
    let program = if program.as_os_str().is_empty() { current_exe()? } else { program };
    let status_text = status.to_string();
    let text = arguments.get("words", String::new());
    let times = arguments.get("times", 1);
    let words =
        ["--play", part.as_str(), "--status", status_text.as_str(), "--words", text.as_str()];

    let what = arguments.get("do", String::new());
    if !["call", "communicate"].contains(&what.as_str()) {
        return acts::play(&part, status, &text);
    }
    acts::be_interrupted()?;
    if arguments.get("refused", 0) != 0 {
        return acts::refused(&what);
    }
    let other = arguments.get("other", 0);
    let other = if other > 0 { Some((acts::ended_child(other)?, other)) } else { None };
    let (before, signals) = (acts::open_descriptors(), acts::treated_signals());
    if arguments.get("scarce", 0) != 0 {
        acts::scarce(&what, &program, &words)?;
    }
    let round: Vec<u8> = (0..251).map(|index| (index * 7 % 251) as u8).collect();
    let mut input = round.repeat(1 + bytes / round.len());
    input.truncate(bytes);
    let had = acts::files("had")?;
    for time in 1..=times {
        let outcome = if what == "call" {
            call(&program, &words).map(|code| format!("code={code} {had}"))
        } else {
            let input = &input[..input.len() / time];
            let done = communicate(&program, &words, input);
            done.map(|finished| acts::judge(&finished, &part, input, &text))
        };
        if time == times {
            tell(outcome, &program, "program");
        }
    }
    event("main", format_args!("descriptors={before},{}", acts::open_descriptors()));
    let kept = signals == acts::treated_signals();
    event("main", format_args!("signals={}", if kept { "kept" } else { "changed" }));
    if let Some((other, status)) = other {
        let left = waitpid(other, None) == Ok(WaitStatus::Exited(other, status));
        event("main", format_args!("other={}", if left { "left" } else { "taken" }));
    }
    Ok(())
}

fn tell(outcome: io::Result<String>, program: &Path, case: &str) {
    match outcome {
        Ok(said) => event("main", said),
        Err(error) => {
            // By its path, or by the last part of that.
            let name = program.file_name().unwrap_or(program.as_os_str());
            let named = error.to_string().contains(&*name.to_string_lossy());
            event("main", format_args!("error case={case} kind={:?} named={named}", error.kind()));
            let said = error.to_string().chars().take(200).collect::<String>();
            eprintln!("the error says: {said}");
        }
    }
}
