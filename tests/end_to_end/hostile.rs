//! Programs that do not mean well, graded beside one that does.

use crate::{Class, solution};

/// The solution with `code` at the beginning of `Account::new`.
fn lock_that_first(code: &str) -> String {
    let text = solution("lock");
    let start = "Account { balance: Mutex::new(0) }";
    assert!(text.contains(start), "the solution has changed");
    text.replacen(start, &format!("{code}\n        {start}"), 1)
}

/// The solution with `code` at the beginning of `Semaphore::new`.
fn semaphore_that_first(code: &str) -> String {
    let text = solution("semaphore");
    let start = "let (free, mut back) = io::pipe()?;";
    assert!(text.contains(start), "the solution has changed");
    text.replacen(start, &format!("{code}\n        {start}"), 1)
}

#[test]
fn what_a_program_does_is_its_own_loss() {
    let class = Class::new();
    let hand_in = |student: &str, lesson: &str, text: String| {
        class.hand_in(&format!("{student}/{lesson}/src/lib.rs"), text);
    };
    hand_in("ends", "lock", lock_that_first("std::process::exit(0);"));
    hand_in("floods", "lock", lock_that_first("loop { println!(\"main: balance=0\"); }"));
    hand_in("forges", "lock", lock_that_first("println!(\"test result: ok. 99 passed\");"));
    hand_in("hangs", "lock", lock_that_first("loop { std::thread::park(); }"));
    hand_in("honest", "lock", solution("lock"));
    hand_in("honest", "semaphore", solution("semaphore"));
    hand_in(
        "multiplies",
        "semaphore",
        semaphore_that_first("loop { let _ = unsafe { nix::unistd::fork() }; }"),
    );
    hand_in("reads", "lock", lock_that_first("println!(\"{}\", include_str!(\"/etc/passwd\"));"));
    hand_in(
        "writes",
        "semaphore",
        semaphore_that_first(
            "std::fs::write(\"/etc/motd\", \"owned\").expect(\"leave to write\");",
        ),
    );
    class.grade().code(0);
    insta::assert_snapshot!(class.verdicts(), @"
    ends lock forbidden 5/14
    floods lock limit 5/14
    forges lock pass 14/14
    hangs lock deadlock 5/14
    honest semaphore pass 10/10
    honest lock pass 14/14
    multiplies semaphore limit 0/10
    reads lock does-not-compile 0/14
    writes semaphore crash 0/10
    ");
}
