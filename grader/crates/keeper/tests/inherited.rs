//! What a keeper was started with, and what its programs see of it: nothing.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use jail::{Confinement, Slot, Tier};
use keeper::{Keeper, prove};
use observation::{Request, Verdict};

/// A shell that goes on as a keeper after `script`.
fn after(script: &str) -> Keeper {
    let script = format!(r#"{script}; exec "$@""#);
    let shell = ["sh", "-c", &script, "sh"].map(Into::into);
    Keeper::through(shell, env!("CARGO_BIN_EXE_keeper"))
}

/// The tiers that stand on this host, for this user.
fn tiers() -> impl Iterator<Item = Tier> {
    let keeper = Keeper::new(env!("CARGO_BIN_EXE_keeper"));
    Tier::ALL.into_iter().filter(move |tier| prove(&keeper, *tier).is_ok())
}

/// What a program in `tier` finds out about itself: by a shell alone, since in some tiers its children
/// see nothing of /proc.
fn seen(keeper: &Keeper, tier: Tier) -> String {
    let script = r#"
        umask
        for name in limits personality oom_score_adj stat; do
            while read -r line; do echo "$line"; done < /proc/self/$name
        done"#;
    let mut request = Request::new("/bin/sh");
    request.args = vec!["-c".to_owned(), script.to_owned()];
    let confinement = Confinement::for_program(tier, Slot(60), &request.program);
    let seen = keeper.run(&request, &confinement).unwrap();
    assert_eq!(seen.verdict, Verdict::Pass, "{seen:?}");
    let (text, stat) = seen.stdout.text.trim_end().rsplit_once('\n').unwrap();
    let policy = stat.rsplit_once(") ").unwrap().1.split(' ').nth(38).unwrap();
    format!("{text}\npolicy {policy}\n")
}

#[test]
fn what_started_a_keeper_is_no_matter_to_its_programs() {
    let odd = r#"
        ulimit -S -s 256; ulimit -S -d 900000; ulimit -S -n 200; ulimit -S -l 16; ulimit -S -c 0
        umask 077
        (echo -100 > /proc/self/oom_score_adj) 2> /dev/null && echo -100 > /proc/self/oom_score_adj
        ! command -v chrt > /dev/null || set -- chrt --batch 0 "$@"
        ! command -v setarch > /dev/null || set -- setarch -R "$@""#;
    for tier in tiers() {
        let usual = seen(&after("true"), tier);
        assert_eq!(seen(&after(odd), tier), usual, "{tier}");
        assert_eq!(seen(&after("ulimit -S -s $(ulimit -H -s)"), tier), usual, "{tier}");
        let has = |line: &str| usual.lines().any(|one| one.split_whitespace().eq(line.split(' ')));
        assert!(has("Max stack size 8388608 8388608 bytes"), "{usual}");
        assert!(has("Max open files 1024 1024 files"), "{usual}");
        assert!(has("0022") && has("00000000") && has("policy 0"), "{usual}");
    }
}

#[test]
fn a_keeper_that_may_raises_what_was_bounded_for_good() {
    // Only who may raise it again lowers it.
    let bounded = "(ulimit -s 4096; ulimit -H -s 8192) 2> /dev/null && ulimit -s 4096";
    for tier in tiers() {
        assert_eq!(seen(&after(bounded), tier), seen(&after("true"), tier), "{tier}");
    }
}
