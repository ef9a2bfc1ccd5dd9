//! `grader jobe` and those who do not mean well, most of whom have no key.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::servers::{Jobe, KEY, spec};
use super::*;

fn connect(jobe: &Jobe) -> TcpStream {
    let host = jobe.address.strip_prefix("http://").unwrap().split('/').next().unwrap();
    TcpStream::connect(host).unwrap()
}

/// A request for a run whose headers end with `more`, and the beginning of its body.
fn begin(jobe: &Jobe, more: &str) -> TcpStream {
    let mut stream = connect(jobe);
    let head = format!("POST /jobe/index.php/restapi/runs HTTP/1.1\r\nHost: x\r\n{more}\r\n{{");
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// All that is answered.
fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn is_well(jobe: &Jobe) {
    assert_eq!(jobe.ask("GET", "languages", &Value::Null).0, 200);
}

#[test]
fn who_speaks_slowly_or_in_half_holds_nobody_up() {
    let jobe = Jobe::start(&[]);
    let key = format!("X-API-KEY: {KEY}\r\n");
    let mut held = vec![
        begin(&jobe, "Content-Length: 5000\r\n"),
        begin(&jobe, &format!("{key}Content-Length: 5000\r\n")),
    ];
    for _ in 0..20 {
        let mut half = connect(&jobe);
        half.write_all(b"GET /jobe/index.ph").unwrap();
        held.push(half);
    }
    is_well(&jobe);
    // Without a key nobody has to be heard out.
    assert!(answer(held.swap_remove(0)).starts_with("HTTP/1.1 403 "));
}

#[test]
fn a_crowd_is_turned_away_and_there_is_room_again_once_it_left() {
    let jobe = Jobe::start(&["--jobs", "1"]);
    let mut crowd: Vec<_> = (0..100).map(|_| connect(&jobe)).collect();
    // The last came when the house was full.
    assert!(answer(crowd.pop().unwrap()).starts_with("HTTP/1.1 503 "));
    for stream in crowd {
        _ = stream.shutdown(Shutdown::Both);
    }
    let languages = format!(
        "GET /jobe/index.php/restapi/languages HTTP/1.1\r\nHost: x\r\nX-API-KEY: {KEY}\r\n\r\n"
    );
    // Each answer is one or the other, and one day the last of the crowd has been noticed to be gone.
    loop {
        let mut stream = connect(&jobe);
        _ = stream.write_all(languages.as_bytes());
        let mut text = String::new();
        _ = stream.read_to_string(&mut text);
        if text.starts_with("HTTP/1.1 200 ") {
            break;
        }
    }
}

#[test]
fn what_is_too_long_or_has_two_lengths_is_refused_and_the_server_lives() {
    let jobe = Jobe::start(&[]);
    let key = format!("X-API-KEY: {KEY}\r\n");
    for (more, code) in [
        // More than any memory holds, with a key and without.
        (format!("{key}Content-Length: 99999999999\r\n"), 413),
        ("Content-Length: 99999999999\r\n".to_owned(), 403),
        // A proxy before us could read these in another way.
        (format!("{key}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), 501),
        (format!("{key}Content-Length: 4\r\nContent-Length: 40\r\n"), 400),
        (format!("{key}X: {}\r\n", "x".repeat(17 << 10)), 431),
        (format!("{key}Content-Length: 1\r\n"), 400),
    ] {
        let answer = answer(begin(&jobe, &more));
        assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "{more:.60}: {answer}");
        is_well(&jobe);
    }
}

#[test]
fn what_follows_a_request_on_its_connection_is_not_answered() {
    let jobe = Jobe::start(&[]);
    let mut stream = connect(&jobe);
    let one = format!(
        "GET /jobe/index.php/restapi/languages HTTP/1.1\r\nHost: x\r\nX-API-KEY: {KEY}\r\n\r\n"
    );
    stream.write_all(one.repeat(2).as_bytes()).unwrap();
    assert_eq!(answer(stream).matches("HTTP/1.1").count(), 1);
}

/// The process that grades for `jobe`, once there is one.
fn grading(jobe: &Jobe) -> Pid {
    let server = jobe.process.id();
    loop {
        let tasks = std::fs::read_dir(format!("/proc/{server}/task")).unwrap().flatten();
        let children = tasks.filter_map(|task| {
            let text = std::fs::read_to_string(task.path().join("children")).ok()?;
            text.split_whitespace().next()?.parse().ok()
        });
        // Between fork and exec it is still the server by its name.
        let begun = |pid: &i32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).any(|word| word == b"at")
        };
        if let Some(pid) = { children }.find(begun) {
            return Pid::from_raw(pid);
        }
        std::thread::yield_now();
    }
}

#[test]
fn who_finds_the_queue_full_is_told_so_and_the_others_get_their_marks() {
    let jobe = Jobe::start(&["--jobs", "1", "--queue", "1"]);
    let run = || {
        let (code, answer) = jobe.ask("POST", "runs", &spec("pub struct Semaphore", &json!([])));
        assert_eq!(code, 200, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["outcome"].as_u64().unwrap()
    };
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        let ask = || {
            let tell = tell.clone();
            scope.spawn(move || tell.send(run()).unwrap());
        };
        ask();
        // The first is held in work, so of the next two one waits and one is too many.
        let first = grading(&jobe);
        kill(first, Signal::SIGSTOP).unwrap();
        ask();
        ask();
        assert_eq!(told.recv().unwrap(), 21);
        kill(first, Signal::SIGCONT).unwrap();
        assert_eq!((told.recv().unwrap(), told.recv().unwrap()), (15, 15));
    });
}

#[test]
fn a_signal_ends_it_once_what_is_in_work_has_its_mark() {
    let mut jobe = Jobe::start(&["--jobs", "1", "--queue", "1"]);
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        let jobe = &jobe;
        let ask = || {
            let tell = tell.clone();
            scope.spawn(move || {
                let (_, answer) =
                    jobe.ask("POST", "runs", &spec("pub struct Semaphore", &json!([])));
                tell.send(
                    serde_json::from_str::<Value>(&answer).unwrap()["outcome"].as_u64().unwrap(),
                )
            });
        };
        ask();
        let first = grading(jobe);
        kill(first, Signal::SIGSTOP).unwrap();
        ask();
        ask();
        // One was too many, so the other waits.
        assert_eq!(told.recv().unwrap(), 21);
        kill(Pid::from_raw(i32::try_from(jobe.process.id()).unwrap()), Signal::SIGTERM).unwrap();
        let host = jobe.address.strip_prefix("http://").unwrap().split('/').next().unwrap();
        while TcpStream::connect(host).is_ok() {
            std::thread::yield_now();
        }
        kill(first, Signal::SIGCONT).unwrap();
        let mut last = [told.recv().unwrap(), told.recv().unwrap()];
        last.sort_unstable();
        assert_eq!(last, [15, 21]);
    });
    assert_eq!(jobe.process.wait().unwrap().code(), Some(0));
}
