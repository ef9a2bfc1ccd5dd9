//! Facts about processes and threads, exactly.

use std::process::Command;

use observation::{Exit, HangKind, LimitKind, Process, ProcessId, Verdict};

use support::{request, specimen};

mod support;

fn parents(processes: &[Process]) -> Vec<Option<u32>> {
    processes.iter().map(|process| process.parent.map(|ProcessId(id)| id)).collect()
}

#[test]
fn a_silent_program_passes_with_one_process_and_no_output() {
    let seen = specimen("silent");
    assert_eq!((seen.verdict, seen.exit), (Verdict::Pass, Some(Exit::Code(0))));
    assert_eq!((seen.processes.len(), seen.threads.len()), (1, 0));
    assert_eq!((seen.peak_processes, seen.peak_threads), (1, 1));
    assert_eq!((seen.stdout.bytes, seen.stderr.bytes), (0, 0));
    assert_eq!(seen.processes[0].name, "specimen");
    assert_eq!(seen.processes[0].executed, [support::specimen_path()]);
    assert!(seen.resources.peak_memory > 100 << 10);
}

#[test]
fn exit_states_are_told_apart() {
    assert_eq!(specimen("exit-3").exit, Some(Exit::Code(3)));
    for (name, signal) in [("abort", 6), ("segv", 11), ("term", 15), ("kill", 9)] {
        let seen = specimen(name);
        assert_eq!(seen.exit, Some(Exit::Signal(signal)), "{name}");
        assert_eq!(seen.verdict, Verdict::Crash, "{name}");
    }
}

#[test]
fn what_the_jail_refuses_is_refused_without_walls_too() {
    assert_eq!(
        specimen("asks-for-a-network").stdout.text,
        "-1 Operation not permitted (os error 1)\n"
    );
}

#[test]
#[expect(unsafe_code, reason = "a disposition is set by a system call")]
fn what_the_grader_ignores_its_programs_do_not() {
    // As in a shell's background. SAFETY: no handler runs.
    unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    // The specimen's own runtime ignores SIGPIPE.
    let own = 1 << (libc::SIGPIPE - 1);
    let seen = specimen("tells-which-signals-it-ignores");
    assert_eq!(seen.stdout.text, format!("SigIgn:\t{own:016x}\n"));
}

#[test]
fn a_panic_is_a_crash() {
    let seen = specimen("panic");
    assert_eq!((seen.verdict, seen.exit), (Verdict::Crash, Some(Exit::Code(101))));
}

#[test]
fn two_children_have_their_parent_their_exits_and_were_reaped() {
    let seen = specimen("fork-twice");
    assert_eq!(seen.verdict, Verdict::Pass);
    assert_eq!(parents(&seen.processes), [None, Some(1), Some(1)]);
    let exits: Vec<_> = seen.processes.iter().map(|process| process.exit).collect();
    assert_eq!(exits, [0, 0, 7].map(|code| Some(Exit::Code(code))));
    let reaped: Vec<_> = seen.processes.iter().map(|process| process.reaped).collect();
    assert_eq!(reaped, [None, Some(true), Some(true)]);
}

#[test]
fn a_child_that_is_seen_to_have_ended_can_be_reaped() {
    let seen = specimen("poll-and-look");
    assert_eq!((seen.verdict, seen.zombies), (Verdict::Pass, 0), "{}", seen.stderr.text);
    assert!(seen.processes[1..].iter().all(|child| child.reaped == Some(true)));
}

#[test]
fn children_that_die_are_seen_as_their_parent_would() {
    let seen = specimen("exits");
    let exits: Vec<_> = seen.processes[1..].iter().filter_map(|child| child.exit).collect();
    assert_eq!(exits, [Exit::Code(1), Exit::Signal(15), Exit::Signal(6)]);
    assert_eq!(seen.verdict, Verdict::Pass);
}

#[test]
fn a_hundred_children_are_all_counted() {
    let seen = specimen("fork-100");
    assert_eq!((seen.processes.len(), seen.zombies, seen.orphans), (101, 0, 0));
    assert_eq!(seen.verdict, Verdict::Pass);
}

#[test]
fn a_child_never_waited_for_is_a_zombie() {
    let seen = specimen("zombie");
    assert_eq!((seen.verdict, seen.zombies, seen.orphans), (Verdict::Leak, 1, 0));
    assert_eq!(seen.processes[1].reaped, Some(false));
    assert_eq!(seen.reason, "it left behind 1 ended child that no parent waited for");
}

#[test]
fn a_zombie_of_a_child_counts_too() {
    let seen = specimen("child-leaves-zombie");
    assert_eq!((seen.verdict, seen.zombies), (Verdict::Leak, 1));
    assert_eq!(parents(&seen.processes), [None, Some(1), Some(2)]);
}

#[test]
fn a_child_that_outlives_its_parent_is_an_orphan_and_is_ended() {
    let seen = specimen("orphan");
    assert_eq!((seen.verdict, seen.zombies, seen.orphans), (Verdict::Leak, 0, 1));
    assert_eq!((seen.processes[1].exit, seen.processes[1].ended), (None, None));
}

#[test]
fn a_daemon_in_its_own_session_does_not_escape() {
    let seen = specimen("daemon");
    assert_eq!((seen.verdict, seen.zombies, seen.orphans), (Verdict::Leak, 0, 1));
    assert_eq!(parents(&seen.processes), [None, Some(1), Some(2)]);
    assert!(seen.processes[2].orphan);
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", seen.processes[2].pid));
    // Whoever inherited it may not have reaped it yet.
    assert!(stat.is_err() || stat.unwrap().contains(") Z "));
}

#[test]
fn a_grandchild_that_outlived_its_parent_but_ended_in_time_is_no_leak() {
    let seen = specimen("double-fork");
    assert_eq!((seen.verdict, seen.orphans, seen.zombies), (Verdict::Pass, 1, 0));
    assert!(seen.processes[2].orphan && seen.processes[2].ended.is_some());
}

#[test]
fn children_that_end_with_their_parent_are_each_a_zombie_or_an_orphan() {
    let seen = specimen("ends-while-child-ends");
    let bad = |child: &&Process| child.reaped == Some(false) || child.orphan;
    assert_eq!(seen.processes[1..].iter().filter(bad).count(), 20);
    assert_eq!(seen.zombies + seen.orphans, 20);
}

#[test]
fn executed_programs_are_listed_in_order() {
    let seen = specimen("exec");
    let names: Vec<_> =
        seen.processes[0].executed.iter().filter_map(|path| path.file_name()).collect();
    assert_eq!((names.len(), names[0].to_str()), (3, Some("specimen")));
    assert_eq!(names[2].to_str(), Some("echo"));
    assert_eq!((seen.stdout.text.as_str(), seen.processes.len()), ("done\n", 1));
}

#[test]
fn a_program_may_be_executed_by_a_descriptor() {
    let seen = specimen("exec-by-descriptor");
    assert_eq!((seen.verdict, seen.stdout.text.as_str()), (Verdict::Pass, "done\n"));
    assert_eq!(seen.processes[0].executed.len(), 2);
}

#[test]
fn a_thread_that_executes_a_program_takes_over_its_process() {
    let seen = specimen("exec-from-thread");
    assert_eq!((seen.verdict, seen.stdout.text.as_str()), (Verdict::Pass, "done\n"));
    assert_eq!((seen.processes.len(), seen.threads.len()), (1, 1));
    assert!(seen.threads[0].ended.is_some());
}

#[test]
fn a_program_started_by_the_standard_library_is_seen_with_its_parent() {
    let seen = specimen("vfork");
    assert_eq!(seen.verdict, Verdict::Pass);
    assert_eq!(parents(&seen.processes), [None, Some(1)]);
    assert_eq!(seen.processes[1].executed.len(), 1);
    assert_eq!(seen.processes[1].name, "true");
}

#[test]
fn processes_alive_at_once_are_counted() {
    let seen = specimen("overlap");
    assert_eq!((seen.processes.len(), seen.peak_processes), (4, 4));
}

#[test]
fn two_hundred_threads_at_once_are_counted() {
    let seen = specimen("threads-200");
    assert_eq!((seen.verdict, seen.threads.len(), seen.peak_threads), (Verdict::Pass, 200, 201));
    assert!(seen.threads.iter().all(|thread| thread.ended.is_some()));
}

#[test]
fn threads_have_their_names() {
    let seen = specimen("named");
    let names: Vec<_> = seen.threads.iter().map(|thread| thread.name.as_str()).collect();
    assert_eq!(names, ["worker-0", "worker-1"]);
}

#[test]
fn threads_that_sleep_on_do_not_keep_the_program() {
    let seen = specimen("detached");
    assert_eq!((seen.verdict, seen.threads.len()), (Verdict::Pass, 2));
}

#[test]
fn any_thread_may_end_the_program() {
    assert_eq!(specimen("thread-exits-process").exit, Some(Exit::Code(5)));
}

#[test]
fn the_first_thread_may_end_before_the_others() {
    let seen = specimen("main-thread-ends-first");
    assert_eq!((seen.verdict, seen.stdout.text.as_str()), (Verdict::Pass, "done\n"));
}

#[test]
fn a_child_forked_by_a_thread_belongs_to_its_process() {
    let seen = specimen("fork-in-thread");
    assert_eq!(parents(&seen.processes), [None, Some(1)]);
    assert_eq!((seen.processes[1].reaped, seen.threads.len()), (Some(true), 1));
}

#[test]
fn input_is_given_whole_and_then_ends() {
    let mut request = request("copies-input");
    request.stdin = vec![b'x'; 300_000];
    let seen = observe::observe(&request).unwrap();
    assert_eq!((seen.stdout.bytes, seen.verdict), (300_000, Verdict::Pass));
}

#[test]
fn signals_of_every_number_are_passed_on() {
    let seen = specimen("real-time-signal");
    assert_eq!((seen.verdict, seen.stdout.text.as_str()), (Verdict::Pass, "done\n"));
}

#[test]
fn what_cannot_be_executed_is_an_error_that_names_it() {
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("plain");
    std::fs::write(&plain, "").unwrap();
    for (program, reason) in [(directory.path().join("none"), "ENOENT"), (plain, "EACCES")] {
        let error = observe::observe(&observation::Request::new(&program)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(reason) && text.contains(program.to_str().unwrap()), "{text}");
    }
}

#[test]
fn a_set_user_id_program_gains_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("specimen");
    // By another process: what a fork of another test's holds open for writing cannot be executed.
    let copied = Command::new("cp").arg(support::specimen_path()).arg(&program).status().unwrap();
    assert!(copied.success());
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o4755)).unwrap();
    let mut request = request("silent");
    request.program = program;
    assert_eq!(observe::observe(&request).unwrap().verdict, Verdict::Pass);
}

#[test]
fn a_program_may_close_its_own_descriptors() {
    assert_eq!(specimen("closes-everything").verdict, Verdict::Pass);
}

#[test]
fn a_program_cannot_trace_itself_or_its_children() {
    for name in ["traces-itself", "traces-child"] {
        let seen = specimen(name);
        assert_eq!((seen.verdict, seen.stdout.text.as_str()), (Verdict::Pass, "refused\n"));
    }
}

#[test]
fn files_and_memory_have_their_bounds() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = request("big-file");
    file.args.push(directory.path().join("file").display().to_string());
    let seen = observe::observe(&file).unwrap();
    assert_eq!(seen.hang.unwrap().kind, HangKind::Limit(LimitKind::FileSize));
    let seen = specimen("big-memory");
    assert_eq!(seen.hang.unwrap().kind, HangKind::Limit(LimitKind::Memory));
}

#[test]
fn many_runs_at_once_do_not_disturb_each_other() {
    let names = ["fork-twice", "named", "zombie", "exit-3", "crosswise", "orphan"];
    let run = |name: &'static str| std::thread::spawn(move || (name, specimen(name)));
    let runs: Vec<_> = (0..4).flat_map(|_| names.map(run)).collect();
    for run in runs {
        let (name, seen) = run.join().unwrap();
        let expected = match name {
            "zombie" | "orphan" => Verdict::Leak,
            "crosswise" => Verdict::Deadlock,
            _ => Verdict::Pass,
        };
        assert_eq!(seen.verdict, expected, "{name}: {}", seen.reason);
    }
}

#[test]
fn a_fork_bomb_is_stopped_at_its_limit() {
    let mut request = request("fork-bomb");
    request.limits.processes = 40;
    let seen = observe::observe(&request).unwrap();
    assert_eq!(seen.verdict, Verdict::Limit);
    assert_eq!(seen.hang.unwrap().kind, HangKind::Limit(LimitKind::Processes));
    assert_eq!(seen.exit, None);
}
