//! Whatever is handed in at the door of a keeper, the next job is done.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use jail::{Confinement, Slot, Tier};
use keeper::{ARGUMENT, Keeper, Weak, settle};
use observation::Request;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    sendmsg, socketpair,
};
use serde_json::{Value, json};

/// A keeper's process behind a door of ours.
struct Resident {
    door: OwnedFd,
    process: Child,
}

impl Resident {
    fn start() -> Self {
        let (door, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
                .unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_keeper"));
        // What it complains of is not for whoever runs the tests.
        command.arg(ARGUMENT).env_clear().stdin(theirs).stdout(Stdio::null()).stderr(Stdio::null());
        Self { door, process: command.spawn().unwrap() }
    }

    /// Sends a message, with a connection or without.
    fn send(&self, message: &[u8], connection: Option<&UnixStream>) {
        let connections: Vec<_> = connection.iter().map(|one| one.as_fd()).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut rights = SendAncillaryBuffer::new(&mut space);
        if !connections.is_empty() {
            rights.push(SendAncillaryMessage::ScmRights(&connections));
        }
        sendmsg(&self.door, &[IoSlice::new(message)], &mut rights, SendFlags::NOSIGNAL).unwrap();
    }

    /// What comes back for `job`.
    fn ask(&self, job: &[u8], bound: &[u8]) -> Vec<u8> {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        self.send(bound, Some(&theirs));
        drop(theirs);
        let mut answer = Vec::new();
        // It may have hung up already.
        let _ = ours.write_all(job).and_then(|()| ours.shutdown(Shutdown::Write));
        let _ = ours.read_to_end(&mut answer);
        answer
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        let _ = rustix::net::shutdown(&self.door, rustix::net::Shutdown::Both);
        let _ = self.process.wait();
    }
}

/// What is sent.
#[derive(Clone, Debug)]
enum Message {
    /// No job at all.
    Bare(Vec<u8>),
    /// Bytes where a job should be.
    Bytes(Vec<u8>),
    /// A job in which some bytes are others, from a place in it on.
    Changed(prop::sample::Index, Vec<u8>),
    /// The beginning of a job.
    Cut(prop::sample::Index),
    /// A job, but hardly any time for it.
    Hurried(Vec<u8>),
}

fn message() -> impl Strategy<Value = Message> {
    let bytes = |most| prop::collection::vec(any::<u8>(), 0..most);
    let words = prop::collection::vec("[\\[\\]{}:,\"a-z0-9.\\\\-]", 1..6);
    prop_oneof![
        // An empty message without a connection is the end of the door.
        prop::collection::vec(any::<u8>(), 1..64).prop_map(Message::Bare),
        bytes(200).prop_map(Message::Bytes),
        (any::<prop::sample::Index>(), words)
            .prop_map(|(at, words)| Message::Changed(at, words.concat().into_bytes())),
        any::<prop::sample::Index>().prop_map(Message::Cut),
        prop::collection::vec(0..3_u8, 1..8).prop_map(Message::Hurried),
    ]
}

/// Nobody else on this host is in this slot, and in no other slot is anything tried.
const SLOT: Slot = Slot(50);

fn job(tier: Tier) -> Value {
    let mut request = Request::new("/bin/sh");
    request.args = vec!["-c".to_owned(), "echo hello".to_owned()];
    let confinement = Confinement::for_program(tier, SLOT, &request.program);
    json!({ "request": request, "confinement": confinement })
}

/// Whether it is a job for other walls, or another place, than the one it was made from.
fn is_elsewhere(changed: &[u8], job: &Value) -> bool {
    let Ok(changed) = serde_json::from_slice::<Value>(changed) else { return false };
    ["tier", "slot"].iter().any(|key| changed["confinement"][key] != job["confinement"][key])
}

#[test]
fn whatever_is_handed_in_the_next_job_is_done() {
    let Ok(settled) = settle(&Keeper::new(env!("CARGO_BIN_EXE_keeper")), Weak::Refused) else {
        return eprintln!("not checked: there are no walls on this host");
    };
    let job = job(settled.tier);
    let right = serde_json::to_vec(&job).unwrap();
    let minute = 60_000_u64.to_ne_bytes();
    let resident = Resident::start();
    let answer = |message: &Message| match message {
        Message::Bare(bytes) => {
            resident.send(bytes, None);
            None
        }
        Message::Bytes(bytes) => Some(resident.ask(bytes, &minute)),
        Message::Changed(at, bytes) => {
            let at = at.index(right.len());
            let end = (at + bytes.len()).min(right.len());
            let changed = [&right[..at], bytes, &right[end..]].concat();
            (!is_elsewhere(&changed, &job)).then(|| resident.ask(&changed, &minute))
        }
        Message::Cut(at) => Some(resident.ask(&right[..at.index(right.len())], &minute)),
        Message::Hurried(bound) => Some(resident.ask(&right, bound)),
    };
    let said = |answer: &[u8]| serde_json::from_slice::<Value>(answer).unwrap_or_default();
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() };
    let tried = TestRunner::new(config).run(&prop::collection::vec(message(), 1..6), |messages| {
        for message in &messages {
            let Some(answer) = answer(message) else { continue };
            let said = said(&answer);
            let is_answer = ["observed", "failed"].iter().any(|key| said.get(key).is_some());
            let is_hurried = matches!(message, Message::Hurried(_));
            prop_assert!(is_answer || is_hurried && answer.is_empty(), "{message:?}: {said}");
            if let Message::Cut(_) = message {
                let reason = said["failed"].as_str().unwrap_or_default();
                prop_assert!(reason.starts_with("cannot understand the job"), "{said}");
            }
        }
        let answer = said(&resident.ask(&right, &minute));
        prop_assert_eq!(&answer["observed"]["stdout"]["text"], "hello\n", "{}", answer);
        Ok(())
    });
    tried.unwrap();
}
