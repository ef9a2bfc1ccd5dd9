//! What the type promises, seen in real runs. `explored.rs` looks at every schedule.

use kit::{Checked, Finding, Random, Run, program, property};

fn run(random: &mut Random) -> Checked<(Run, String, usize)> {
    let title = format!("song-{}", random.pick(1..=999));
    let times = random.pick(1..=8);
    let run = program!().arg("title", &title).arg("times", times).run()?;
    Ok((run, title, times))
}

#[test]
fn the_song_is_played_as_often_as_asked_for() {
    property(|random| {
        let (run, _, times) = run(random)?;
        run.ends_well()?;
        let plays: Vec<_> = (1..=times).map(|number| format!("play={number}")).collect();
        let plays: Vec<_> = plays.iter().map(String::as_str).collect();
        let played = run.events().named("play");
        run.check(played.number(times))?;
        run.check(played.each_says(&plays))
    });
}

#[test]
fn it_runs_on_a_thread_of_its_name() {
    property(|random| {
        let (run, title, _) = run(random)?;
        run.ends_well()?;
        let players = run.events().named("play").per_worker();
        let claim = format!("`{title}` should play, and not {:?}", players.keys());
        run.check(Finding::wrong(claim).unless(players.keys().eq([&title])))?;
        // A thread that ends together with the process may be gone before its name was read.
        let threads = run.threads()?.names();
        let claim = format!("one thread called {title} should be created, saw {threads:?}");
        let right = threads.len() == 1 && (threads[0] == title || threads[0].is_empty());
        run.check(Finding::wrong(claim).unless(right))
    });
}

#[test]
fn the_whole_life_of_a_song() {
    property(|random| {
        let (run, title, times) = run(random)?;
        run.ends_well()?;
        let life = [
            format!("name={title} alive=false threads=1"),
            "start=Ok(())".to_owned(),
            "again=Err(AlreadyStarted) alive=true".to_owned(),
            format!("join=Ok({times}) alive=false"),
        ];
        let life: Vec<_> = life.iter().map(String::as_str).collect();
        run.check(run.events().of("main").each_says(&life))
    });
}
