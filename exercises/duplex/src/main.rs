//! Two processes talk to each other in both directions.
//!
//!     cargo run -p duplex -- --name circle --keys cx,cy,radius --values 5,3,5 --requests 3
//!
//! In names and keys `‚` stands for a comma, `␀` for a zero byte, and a mere `∅` for no text at
//! all, which arguments cannot hold.
//!
//! The parent asks `--requests` times, and the partner is killed in the one that `--die`
//! names; with `--partners 2` a second one is started when the first is finished. With `--talk 3`
//! both sides send three messages before either receives one. With `--exchange 100,20` both sides
//! call `exchange`; `acts` holds that, and what the checks ask for besides.

mod acts;

use std::io::{self, Write};
use std::process::{exit, id};

use duplex::{Connection, Message, Partner, duplex};
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};
use stage::{Arguments, event};

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "name", "keys", "values", "requests", "partners", "die", "talk", "exchange", "cut",
        "siblings", "other", "clip", "alone", "gone", "signals",
    ]);
    let name = arguments.get("name", "circle".to_owned());
    let keys = arguments.list("keys", ["cx", "cy", "radius"].map(str::to_owned).to_vec());
    let values = arguments.list("values", vec![5, 3, 5]);
    let keys = keys.iter().map(|key| meant(key));
    let message = Message { name: meant(&name), fields: keys.zip(values).collect() };
    let talk = arguments.get("talk", 0);
    if talk > 0 {
        return between_two(true, |who, connection| say_and_hear(who, connection, &message, talk));
    }
    if let Some(done) = acts::asked_for(&arguments, &message) {
        return done;
    }
    acts::beside_another(arguments.get("other", 0), || {
        (0..arguments.get("partners", 1))
            .try_for_each(|_| ask(&message, arguments.get("requests", 1), arguments.get("die", 0)))
    })
}

/// What a text among the arguments stands for.
fn meant(text: &str) -> String {
    match text {
        "∅" => String::new(),
        _ => text.replace('‚', ",").replace('␀', "\0"),
    }
}

/// Asks the same thing again and again; the partner counts.
fn ask(message: &Message, requests: i64, die: i64) -> io::Result<()> {
    let mut number = 0;
    // What the caller had open before, `answer` may use.
    let (_notes, mut writer) = io::pipe()?;
    let mut partner = Partner::start(|request| {
        number += 1;
        if writer.write_all(&[1]).is_err() {
            event("partner", "lost a file of its parent's");
        }
        if number == 1 {
            event("partner", format_args!("pid={}", id()));
        }
        if number == die {
            raise(Signal::SIGKILL).expect("a process may send signals to itself");
        }
        event("partner", format_args!("asked {}", in_words(&request)));
        let mut fields = request.fields;
        fields.reverse();
        fields.push(("number".to_owned(), number));
        Message { name: format!("seen: {}", request.name), fields }
    })?;
    for _ in 0..requests {
        match partner.ask(message) {
            Ok(reply) => event("main", format_args!("told {}", in_words(&reply))),
            Err(_) => event("main", "no reply"),
        }
    }
    partner.finish()?;
    event("main", "finished");
    Ok(())
}

/// Parent and child do the same, each at its end; or two children, if the parent keeps no end.
#[allow(clippy::drop_non_drop, reason = "what an end holds, and has to close, is not written yet")]
fn between_two(keeps: bool, job: impl Fn(&str, Connection) -> io::Result<()>) -> io::Result<()> {
    let (ours, theirs) = duplex()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }? {
        drop(ours);
        exit(i32::from(job("child", theirs).is_err()))
    }
    drop(theirs);
    if keeps {
        job("main", ours)?;
        wait()?;
        return Ok(());
    }
    // SAFETY: as above.
    if let ForkResult::Child = unsafe { fork() }? {
        exit(i32::from(job("main", ours).is_err()))
    }
    drop(ours);
    wait()?;
    wait()?;
    Ok(())
}

/// Sends `count` messages, then receives as many. The child hangs up, and its parent sees it.
fn say_and_hear(
    who: &str,
    mut connection: Connection,
    message: &Message,
    count: i64,
) -> io::Result<()> {
    for number in 1..=count {
        let mut message = message.clone();
        message.fields.push((format!("from {who}"), number));
        connection.send(&message)?;
    }
    for _ in 0..count {
        match connection.receive()? {
            Some(message) => event(who, format_args!("heard {}", in_words(&message))),
            None => event(who, "too early an end"),
        }
    }
    if who == "main" {
        let end = connection.receive()?.is_none();
        event(who, if end { "end" } else { "heard too much" });
    }
    Ok(())
}

/// Everything in one line, whatever the names hold.
fn in_words(message: &Message) -> String {
    format!("{:?} {:?}", message.name, message.fields)
}
