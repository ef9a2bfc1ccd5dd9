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
//! call `exchange`, the parent with a name and a key of 100 letters, the child with 20; if more
//! numbers follow, they exchange names of so many letters afterwards; with `--siblings 1` two
//! children do it. With `--other 77` the program has another child, which has ended with that status
//! and has not been waited for. With `--cut 500000` the child is killed while it sends a
//! name of so many, and with `--clip 1` a short message ends before each of its bytes. With
//! `--alone 1` the parent calls `exchange`, and the child hangs up. With `--gone 1` whoever asks is
//! killed, before a request and in one, and its partner ends. With `--signals 1` the parent handles a
//! signal while it waits for a reply, and another while it waits for the partner's end.

use std::fs;
use std::io::{self, Read, Write};
use std::process::{exit, id};
use std::thread;
use std::time::Duration;

use duplex::{Connection, Message, Partner, duplex};
use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, raise, sigaction};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, wait, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getppid, gettid};
use stage::{Arguments, Gate, event, until_asleep};

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
    let (talk, exchange) = (arguments.get("talk", 0), arguments.list("exchange", vec![]));
    if talk > 0 {
        return between_two(true, |who, connection| say_and_hear(who, connection, &message, talk));
    }
    if let [ours, theirs, more @ ..] = &exchange[..] {
        let keeps = arguments.get("siblings", 0) == 0;
        return between_two(keeps, |who, connection| {
            swap(who, connection, if who == "main" { *ours } else { *theirs }, more)
        });
    }
    if arguments.get("alone", 0) != 0 {
        return between_two(true, with_nobody);
    }
    if arguments.get("gone", 0) != 0 {
        return [false, true].into_iter().try_for_each(|asked| asker_is_gone(&message, asked));
    }
    if arguments.get("signals", 0) != 0 {
        return wait_through_signals(&message);
    }
    if arguments.get("clip", 0) != 0 {
        return clip();
    }
    let cut = arguments.get("cut", 0);
    if cut > 0 {
        return die_while_sending(cut);
    }
    let other = arguments.get("other", 0);
    let other = if other > 0 { Some((ended_child(other)?, other)) } else { None };
    for _ in 0..arguments.get("partners", 1) {
        ask(&message, arguments.get("requests", 1), arguments.get("die", 0))?;
    }
    if let Some((other, status)) = other {
        let left = waitpid(other, None) == Ok(WaitStatus::Exited(other, status));
        event("main", format_args!("other={}", if left { "left" } else { "taken" }));
    }
    Ok(())
}

/// A child that has ended with `status`, and that nobody has waited for.
fn ended_child(status: i32) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(status),
        ForkResult::Parent { child } => {
            waitid(Id::Pid(child), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
            Ok(child)
        }
    }
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

/// A child starts a partner, asks and is killed, while it is `asked` or afterwards. The end of a
/// pipe tells that the partner is gone.
fn asker_is_gone(message: &Message, asked: bool) -> io::Result<()> {
    let (mut alive, held) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }? {
        drop(alive);
        let asker = Pid::this();
        let partner = Partner::start(|request| {
            if asked {
                // If it has gone before, so much the better.
                let _ = kill(asker, Signal::SIGKILL);
                until_asleep(asker.as_raw());
            }
            request
        });
        let Ok(mut partner) = partner else {
            event("partner", "comes back from `start`");
            exit(1)
        };
        partner.ask(message)?;
        return raise(Signal::SIGKILL).map_err(io::Error::from);
    }
    drop(held);
    wait()?;
    event("main", "asker gone");
    // Nobody writes, so this is the end.
    let _ = alive.read(&mut [0])?;
    event("main", "partner gone");
    Ok(())
}

/// The partner makes its parent handle a signal before it replies; another child does so while
/// the parent waits for the partner, which is stopped until then. That other child ends meanwhile,
/// and is left alone.
fn wait_through_signals(message: &Message) -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    let parent = Pid::this();
    let disturb = || {
        until_asleep(parent.as_raw());
        let _ = kill(parent, Signal::SIGUSR1);
        until_asleep(parent.as_raw());
    };

    let (mut from, mut to) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    let other = match unsafe { fork() }? {
        ForkResult::Child => {
            drop(to);
            let mut partner = [0; 4];
            from.read_exact(&mut partner)?;
            disturb();
            if let pid @ 1.. = i32::from_ne_bytes(partner) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
            }
            exit(77)
        }
        ForkResult::Parent { child } => child,
    };
    let mut partner = Partner::start(|request| {
        disturb();
        Message { name: request.name, fields: vec![("pid".to_owned(), i64::from(id()))] }
    })?;
    let reply = match partner.ask(message) {
        Ok(reply) => reply,
        Err(error) => {
            event("main", format_args!("no reply: {error}"));
            return Ok(());
        }
    };
    let pid = reply.fields.first().map_or(0, |&(_, pid)| pid as i32);
    // Only a partner that is another process can be held up.
    if pid > 0 && pid != parent.as_raw() {
        let _ = kill(Pid::from_raw(pid), Signal::SIGSTOP);
    }
    to.write_all(&pid.to_ne_bytes())?;
    match partner.finish() {
        Ok(()) => event("main", "finished"),
        Err(error) => event("main", format_args!("not finished: {error}")),
    }
    // Its signal comes only now if nothing was waited for.
    let ended = loop {
        match waitpid(other, None) {
            Err(Errno::EINTR) => {}
            ended => break ended,
        }
    };
    let left = ended == Ok(WaitStatus::Exited(other, 77));
    event("main", format_args!("other={}", if left { "left" } else { "taken" }));
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

fn swap(who: &str, mut connection: Connection, size: usize, more: &[usize]) -> io::Result<()> {
    let many = who[..1].repeat(size);
    let mine = Message { name: many.clone(), fields: vec![(who.to_owned(), 1), (many, 2)] };
    let theirs = connection.exchange(&mine)?;
    let (texts, numbers): (Vec<_>, Vec<_>) = theirs.fields.into_iter().unzip();
    let texts: Vec<_> = [theirs.name].iter().chain(&texts).map(|text| in_short(text)).collect();
    event(who, format_args!("swapped {} {numbers:?}", texts.join(", ")));
    // The connection is as good as before: one side sends when the other already waits.
    let short = Message { name: "short".to_owned(), fields: Vec::new() };
    if who == "child" {
        until_asleep(getppid().as_raw());
        connection.send(&short)?;
    } else if connection.receive()? != Some(short.clone()) {
        event(who, "something else behind the exchange");
    }
    // And one side may be done, and send, when the other has yet to look.
    let behind = Message { name: "behind".to_owned(), fields: Vec::new() };
    let mut again = if who == "child" {
        let waker = stop_until_this_sleeps(getppid())?;
        let same = connection.exchange(&short)? == short;
        connection.send(&behind)?;
        waitpid(waker, None)?;
        same
    } else {
        let same = connection.exchange(&short)? == short;
        if connection.receive()? != Some(behind) {
            event(who, "something else behind the exchange");
        }
        same
    };
    for &size in more {
        let longer = Message { name: "l".repeat(size), fields: Vec::new() };
        again &= connection.exchange(&longer)? == longer;
    }
    event(who, format_args!("again={again} thread={}", a_thread_is_left()));
    Ok(())
}

/// Stops `other` once it sleeps. The process that this returns lets it go on when this one sleeps,
/// or has ended, and ends.
fn stop_until_this_sleeps(other: Pid) -> io::Result<Pid> {
    let this = Pid::this();
    (0..20).for_each(|_| until_asleep(other.as_raw()));
    kill(other, Signal::SIGSTOP)?;
    for _ in 0..2_000 {
        let stat = fs::read_to_string(format!("/proc/{other}/stat")).unwrap_or_default();
        // The state stands behind the name, which may hold anything.
        if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['T', 't'])) {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            (0..20).for_each(|_| until_asleep(this.as_raw()));
            let _ = kill(other, Signal::SIGCONT);
            exit(0)
        }
        ForkResult::Parent { child } => Ok(child),
    }
}

/// Whether a thread sleeps in this process beside this one; one that is about to end does not.
fn a_thread_is_left() -> bool {
    let this = gettid().as_raw();
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let mut others = tasks.filter_map(|task| task.file_name().to_str()?.parse().ok());
    others.any(|other: i32| {
        if other == this {
            return false;
        }
        until_asleep(other);
        let stat = fs::read_to_string(format!("/proc/self/task/{other}/stat")).unwrap_or_default();
        // The state stands behind the name, which may hold anything.
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
    })
}

/// The parent would exchange messages, and the child hangs up meanwhile.
fn with_nobody(who: &str, mut connection: Connection) -> io::Result<()> {
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

/// Sends a short message, of which only the first bytes arrive, and then the end.
#[allow(clippy::drop_non_drop, reason = "what an end holds, and has to close, is not written yet")]
fn clip() -> io::Result<()> {
    let message = Message { name: "clip".to_owned(), fields: vec![("key".to_owned(), 7)] };
    // The numbers of the descriptors are the same each time.
    let before: Vec<_> = (3..1024).filter(|&number| is_open(number)).collect();
    let (ours, mut theirs) = duplex()?;
    let new: Vec<_> =
        (3..1024).filter(|number| is_open(*number) && !before.contains(number)).collect();
    theirs.send(&message)?;
    let Some(from) = new.iter().copied().find(|&end| is_stream(end) && waiting(end) > 0) else {
        event("main", "cannot see what was sent");
        return Ok(());
    };
    let mut bytes = vec![0_u8; waiting(from) as usize];
    // SAFETY: the bytes live long enough.
    unsafe { libc::read(from, bytes.as_mut_ptr().cast(), bytes.len()) };
    let write = |end, bytes: &[u8]| {
        // SAFETY: as above.
        unsafe { libc::write(end, bytes.as_ptr().cast(), bytes.len()) }
    };
    let leads_there = |&end: &i32| write(end, &[0]) == 1 && waiting(from) == 1;
    let Some(into) = new.iter().copied().find(leads_there) else {
        event("main", "cannot send what was seen");
        return Ok(());
    };
    drop((ours, theirs));

    let refused = (1..bytes.len()).all(|length| {
        let Ok((mut ours, theirs)) = duplex() else { return false };
        let arrives =
            write(into, &bytes[..length]) == length as isize && waiting(from) as usize == length;
        // Elsewhere, or taken by a thread: nothing follows from that.
        if !arrives {
            return true;
        }
        drop(theirs);
        // If it is all there, the rest of the bytes says nothing.
        ours.receive().map_or(true, |received| received.as_ref() == Some(&message))
    });
    event("main", format_args!("clipped refused={refused}"));
    Ok(())
}

/// Whether what is sent there may arrive in part.
fn is_stream(end: i32) -> bool {
    let (mut kind, mut size) = (0, size_of::<libc::c_int>() as libc::socklen_t);
    let (level, option) = (libc::SOL_SOCKET, libc::SO_TYPE);
    // SAFETY: the call writes one number, and fails for what is no socket: a pipe.
    let done = unsafe { libc::getsockopt(end, level, option, (&raw mut kind).cast(), &mut size) };
    done != 0 || kind == libc::SOCK_STREAM
}

fn is_open(number: i32) -> bool {
    // SAFETY: the call looks at a number, whether it is that of an open descriptor or not.
    unsafe { libc::fcntl(number, libc::F_GETFD) >= 0 }
}

/// The child dies in the midst of a message that no buffer holds, and its parent receives. What
/// the parent has sent before is never read.
#[allow(clippy::drop_non_drop, reason = "what an end holds, and has to close, is not written yet")]
fn die_while_sending(size: usize) -> io::Result<()> {
    let (mut ours, mut theirs) = duplex()?;
    ours.send(&Message { name: "never read".to_owned(), fields: Vec::new() })?;
    let before: Vec<_> = (3..1024).map(waiting).collect();
    let gate = Gate::new()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    let child = match unsafe { fork() }? {
        ForkResult::Child => {
            drop(ours);
            gate.open()?;
            let sent = theirs.send(&Message { name: "c".repeat(size), fields: Vec::new() });
            exit(i32::from(sent.is_err()))
        }
        ForkResult::Parent { child } => child,
    };
    drop(theirs);
    gate.pass()?;
    until_stuck(child, &before);
    kill(child, Signal::SIGKILL)?;
    waitpid(child, None)?;
    let nothing_came = !something_came(&before);
    let what = match ours.receive() {
        // It was too slow, or its messages take a way that cannot be seen from here.
        Ok(None) if nothing_came => "received the end, for nothing came",
        // Whoever needs nobody to receive has sent everything.
        Ok(Some(message)) if message.name.len() == size => "received all",
        Ok(Some(_)) => "received a part",
        Ok(None) => "received the end",
        Err(_) => "received an error",
    };
    event("main", what);
    Ok(())
}

/// Returns once `process` has sent something and sleeps, or has ended; soon in any case.
fn until_stuck(process: Pid, before: &[i32]) {
    for _ in 0..3_000 {
        if something_came(before) || has_ended(process) {
            return until_asleep(process.as_raw());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether there is more to be read in this process than `before`, apart from the one byte in
/// the gate.
fn something_came(before: &[i32]) -> bool {
    let before = before.iter().copied().chain(std::iter::repeat(0));
    (3..1024).map(waiting).zip(before).any(|(now, before)| now > before + 1)
}

/// How many bytes can be read there.
fn waiting(descriptor: i32) -> i32 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the call writes one number, and fails for a descriptor that is not open.
    let known = unsafe { libc::ioctl(descriptor, libc::FIONREAD, &raw mut bytes) } == 0;
    if known { bytes } else { 0 }
}

fn has_ended(process: Pid) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(process), flags) != Ok(WaitStatus::StillAlive)
}

/// How long a text is, and its letters.
fn in_short(text: &str) -> String {
    let letters: String = text.chars().collect::<std::collections::BTreeSet<_>>().iter().collect();
    format!("{} of {letters:?}", text.len())
}

/// Everything in one line, whatever the names hold.
fn in_words(message: &Message) -> String {
    format!("{:?} {:?}", message.name, message.fields)
}
