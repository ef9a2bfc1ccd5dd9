//! What a binding promises, seen in real runs. `explored.rs` looks at every schedule.

use kit::{Checked, Run, program, property};

/// Some of these, each once.
const USERS: [&str; 6] = ["ada", "bob", "chen", "dora", "emil", "fay"];

/// A run in which all threads have bound their request before any of them looks.
fn run(users: &[&str]) -> Checked<Run> {
    let run = program!().list("users", users).arg("meet", users.len()).run()?;
    run.ends_well()?;
    Ok(run)
}

#[test]
fn every_thread_reads_back_its_own_request() {
    property(|random| {
        let first = random.pick(0..=2);
        let users = &USERS[first..first + random.pick(2..=4)];
        let run = run(users)?;
        for (index, user) in users.iter().enumerate() {
            let number = index + 1;
            let own = format!("request={user}-{number}");
            let renamed = format!("renamed request={}-{number}", user.to_uppercase());
            let story = ["before request=none", &own, &renamed, "after request=none"];
            run.check(run.events().of(user).number(story.len()))?;
            run.check(run.events().of(user).each_says(&story))?;
        }
        Ok(())
    });
}

#[test]
fn the_main_threads_request_is_untouched() {
    property(|random| {
        let run = run(&USERS[..random.pick(1..=4)])?;
        run.check(run.events().of("main").each_says(&["request=admin-0", "request=none"]))
    });
}
