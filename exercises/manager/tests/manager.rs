//! What a manager promises, however many clients there are.

use std::cell::Cell;
use std::time::Duration;

use kit::observation::HangKind;
use kit::{Checked, Finding, Program, Random, Run, Verdict, program, property};

fn act(act: &str) -> Program {
    program!().arg("act", act)
}

/// Passes if `who` said `what`, then `expected`, once.
fn says(run: &Run, who: &str, what: &str, expected: &str, claim: &str) -> Checked {
    let said = run.events().of(who).named(what);
    let said: Vec<_> =
        said.iter().map(|event| event.what.replacen(&format!("{what} "), "", 1)).collect();
    let difference = kit::compare(expected, &said.join("\n"));
    run.check(Finding::wrong(claim).seeing(difference).unless(said == [expected]))
}

/// Passes if `other` found the lock free, or not, at the moment called `when`.
fn lock_is_free(run: &Run, when: &str, expected: bool, claim: &str) -> Checked {
    let free: bool = run.check(run.events().of("other").value(when))?;
    run.check(Finding::wrong(claim).seeing(run.events().to_string()).unless(free == expected))
}

fn word(random: &mut Random) -> String {
    (0..random.pick(1..=8)).map(|_| char::from(b'a' + random.pick(0..=25) as u8)).collect()
}

#[test]
fn the_dict_and_the_list_are_shared() {
    property(|random| {
        let (name, value, count) =
            (word(random), random.numbers(1)[0] as f64 / 7.0, random.pick(0..=9));
        let program = act("share").arg("name", &name).arg("value", value).arg("count", count);
        let run = program.run()?;
        run.ends_well()?;
        let claim = "another client should find what one has set, and nothing under another name";
        says(&run, "squarer", "found", &format!("Some({value:?}) None"), claim)?;
        let claim = "the main process should find what a client has set";
        says(&run, "main", "dict", &format!("{name}=Some({value:?})"), claim)?;
        let squares: Vec<_> = (0..count as i64).map(|item| item * item).collect();
        let claim = "one client has made the list, another has squared it";
        says(&run, "main", "list", &format!("{squares:?}"), claim)?;
        any_text_and_any_number(random)
    });
}

/// Passes if nothing is mistaken for anything else, with many clients and a long list.
fn any_text_and_any_number(random: &mut Random) -> Checked {
    // More than 16 KiB, or than 64 KiB.
    let count = [2_100, 8_300][random.pick(0..=1)] + random.pick(0..=100);
    // For each item a server may go through all that it has.
    let run = act("odd").arg("count", count).using(Duration::from_secs(8)).run()?;
    run.ends_well()?;
    let names = run.events().of("other").named("name");
    let wrong = names.filter(|event| !event.what.ends_with(" right"));
    let claim = "a name is any text, blanks and line breaks too, and has a value of its own, \
                 which is any number, NaN too";
    let finding = Finding::wrong(claim).seeing(wrong.to_string());
    run.check(finding.unless(wrong.is_empty() && !names.is_empty()))?;
    let other = run.events().of("other");
    let refused: bool = run.check(other.named("behind").value("refused"))?;
    let claim = "to replace the item behind the last is an error";
    run.check(Finding::wrong(claim).unless(refused))?;
    let right: bool = run.check(other.named("list").value("right"))?;
    let claim = "a long list should arrive as it was made, whatever numbers are in it";
    run.check(Finding::wrong(claim).unless(right))
}

#[test]
fn many_clients_at_once_lose_nothing() {
    property(|random| {
        let (clients, rounds) = (random.pick(3..=4), random.pick(10..=20));
        let run = act("many").arg("clients", clients).arg("rounds", rounds).run()?;
        run.ends_well()?;
        let list: Vec<_> = std::iter::once(clients * rounds).chain(1..=clients).collect();
        let claim = format!(
            "{clients} clients add 1 to the first item, {rounds} times each, then add an item"
        );
        says(&run, "main", "list", &format!("{list:?}"), &claim)?;
        let values: Vec<_> = (1..=clients).map(|client| Some(client as f64 / 2.0)).collect();
        says(&run, "main", "values", &format!("{values:?}"), "each client sets a value of its own")
    });
}

#[test]
fn an_update_holds_the_lock() {
    property(|_| {
        let run = act("inside").run()?;
        run.ends_well()?;
        let claim = "between the reading and the writing of an update nobody else may get the lock";
        lock_is_free(&run, "update", false, claim)?;
        lock_is_free(&run, "updated", true, "after an update the lock should be free")?;
        says(&run, "main", "list", "[22]", "an update should replace 20 by 20 + 2")
    });
}

#[test]
fn one_client_holds_the_lock() {
    property(|_| {
        let run = act("inside").run()?;
        run.ends_well()?;
        lock_is_free(&run, "acquired", false, "while one client holds the lock no other gets it")?;
        lock_is_free(&run, "released", true, "after the release the lock should be free")
    });
}

#[test]
fn who_waits_for_the_lock_holds_up_nobody_else() {
    let slept = Cell::new(false);
    property(|_| {
        let run = act("wait").run()?;
        run.ends_well()?;
        let claim = "a client that waits for the lock gets it when it is released, and not before";
        says(&run, "waiter", "found", "[7]", claim)?;
        let claim = "while one client holds the lock another should be served";
        says(&run, "other", "found", "Some(3.1415926) [7]", claim)?;
        // Once is enough.
        if slept.replace(true) { Ok(()) } else { all_sleep() }
    });
}

/// Times that all fall asleep in three seconds in which some clients come and then nobody says
/// anything, if nobody wakes up by the clock: several times what that takes.
const OFTEN: u64 = 150;

/// Passes if server and clients sleep while one client holds the lock for ever and another waits
/// for it.
///
/// Whether all stand still need not be proved: how the server waits is up to it.
fn all_sleep() -> Checked {
    let program = act("still").using(Duration::from_millis(500)).within(Duration::from_secs(3));
    let run = program.meant_to_hang().run()?;
    if run.observation().hang.is_none() {
        run.ends_well()?;
        let claim = "one client holds the lock for ever, and another that waits for it got it";
        return Err(run.found(Finding::wrong(claim)));
    }
    let often = run.hung(HangKind::Timeout) && run.times_waited()? >= OFTEN;
    let claim = "one client holds the lock, another waits for it, a stranger has left in the midst \
                 of a question, and nobody asks anything else: all should sleep, and somebody is \
                 awake, or wakes up again and again";
    run.check(Finding::new(Verdict::Livelock, claim).unless(!run.spun() && !often))
}

#[test]
fn a_client_that_dies_gives_the_lock_back() {
    property(|_| {
        let run = act("die").run()?;
        run.ends_well()?;
        run.check(run.events().of("waiter").named("acquired").number(1))?;
        run.check(run.events().of("main").named("acquired").number(1))?;
        let events = run.events();
        let mut before = events.iter().take_while(|event| !event.is_named("dies"));
        let free: bool = run.check(events.value("free"))?;
        let right = !free && !before.any(|event| event.is_named("acquired"));
        let claim = "two of those who wait are killed while another holds the lock: they give nothing \
                     back, and nobody should get it";
        run.check(Finding::wrong(claim).seeing(events.to_string()).unless(right))
    });
}

#[test]
fn a_wrong_key_is_refused() {
    property(|random| {
        let mut key = format!("{}\n{}", word(random), word(random));
        if random.pick(0..=1) == 1 {
            // The driver puts a byte behind it, which makes a thousand.
            key += &"k".repeat(999 - key.len());
        }
        // As long as the key, and different in its last letter alone.
        let wrong = format!("{}?", &key[..key.len() - 1]);
        let run = act("keys").arg("key", &key).arg("wrong", &wrong).run()?;
        run.ends_well()?;
        let accepted = run.events().named("accepted");
        // The driver puts a byte behind it that is no text.
        let key = format!("{key}\u{fffd}");
        let claim = format!("only the key {key:?} should be accepted");
        let right = accepted.iter().map(|event| event.what.clone()).collect::<Vec<_>>();
        let finding = Finding::wrong(claim).seeing(run.events().to_string());
        run.check(finding.unless(right == [format!("accepted {key:?}")]))?;
        let connected = run.events().named("connected");
        let claim = "with a wrong key `connect` should be an error, and not only what comes after";
        let finding = Finding::wrong(claim).seeing(connected.to_string());
        run.check(finding.unless(connected.is_empty()))
    });
}

#[test]
fn strangers_do_no_harm() {
    property(|_| {
        let run = act("strangers").run()?;
        run.ends_well()?;
        run.check(run.events().named("no").number(1))?;
        let claim = "after an update of an item that there is not the lock should be free";
        let free: bool = run.check(run.events().value("free"))?;
        run.check(Finding::wrong(claim).unless(free))?;
        let claim = "the server should go on as if nobody had been there";
        says(&run, "main", "list", "[1]", claim)
    });
}

#[test]
fn the_server_ends_and_its_socket_is_gone() {
    property(|_| {
        let run = program!().run()?;
        run.ends_well()?;
        // The server and two clients.
        run.creates_processes(3)?;
        let socket: String = run.check(run.events().value("socket"))?;
        let claim = "the socket file is still there after the shutdown";
        run.check(Finding::new(Verdict::Leak, claim).unless(socket == "gone"))?;
        run.leaves_nothing_behind()?;
        let run = act("end").run()?;
        run.ends_well()?;
        let nowhere: String = run.check(run.events().value("nowhere"))?;
        let claim = "where no socket can be bound `start` should be an error";
        run.check(Finding::wrong(claim).unless(nowhere == "refused"))?;
        let own: String = run.check(run.events().value("own"))?;
        let claim = "the shutdown has waited for a child of main that is not the server";
        run.check(Finding::wrong(claim).unless(own == "there"))?;
        for who in ["waiter", "holder"] {
            let claim = format!(
                "the server has ended, and each call of {who} should be an error, also when there \
                 is another server at the same path"
            );
            let refused = run.events().of(who).named("refused").len() == 1;
            run.check(Finding::wrong(claim).seeing(run.events().to_string()).unless(refused))?;
        }
        run.leaves_nothing_behind()?;
        let run = act("kill").run()?;
        run.ends_well()?;
        let refused = run.events().of("waiter").named("refused").len() == 1;
        let claim =
            "the server was killed, and a client that waited for the lock believes to have it";
        run.check(Finding::wrong(claim).unless(refused))?;
        let refused = run.events().of("late").named("refused").len() == 1;
        let claim = "the server was killed, and who connects then should get an error";
        run.check(Finding::wrong(claim).unless(refused))?;
        let socket: String = run.check(run.events().value("socket"))?;
        let claim = "the server was killed, and its socket file is still there after the shutdown";
        run.check(Finding::new(Verdict::Leak, claim).unless(socket == "gone"))?;
        run.leaves_nothing_behind()
    });
}

#[test]
fn the_whole_story_of_pi() {
    property(|_| {
        let run = program!().run()?;
        run.ends_well()?;
        run.check(kit::snapshot!("pi", run.events()))
    });
}
