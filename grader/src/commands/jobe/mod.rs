mod files;
mod http;
mod run;

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use engine::bundle::Bundle;
use platforms::Platform;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::exit::Exit;
use crate::{child, place};
use files::Files;
use http::{Client, Head, Refused};
use run::{Outcome, RunSpec};

/// Grade Moodle's CodeRunner questions: a server that speaks Jobe's protocol
///
/// CodeRunner sends a question's template, filled in, as a program in `rust`; its first line
/// `// lesson: <lesson>` says which lesson it is for, and the answer is a template grader's.
/// Listens on loopback unless told otherwise; put a proxy with TLS before it for other hosts.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  grader jobe --bundle /opt/interleave --key-file /etc/interleave/jobe.key")]
pub(crate) struct Arguments {
    /// The folder with bundle.json, which `grader export coderunner` made
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4000")]
    listen: SocketAddr,
    /// A file with the keys that are let in, a line each, as Moodle's setting `jobe_apikey` has one
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Submissions graded at the same time [default: one for each core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Submissions that may wait; more are told to come again
    #[arg(long, value_name = "N", default_value_t = 64)]
    queue: usize,
    /// Seconds that grading a submission may take
    #[arg(long, value_name = "SECONDS", overrides_with = "limit", default_value_t = Platform::CodeRunner.limit())]
    limit: u64,
}

/// Clients that are listened to at the same time; more are turned away.
const LISTENED_TO: usize = 64;

/// What every path begins with.
const PREFIX: &str = "/jobe/index.php/restapi/";

/// What all threads know.
struct Desk {
    bundle: PathBuf,
    lessons: Vec<String>,
    version: String,
    keys: Vec<[u8; 32]>,
    limit: u64,
    files: Mutex<Files>,
    /// Whether it was told to end.
    closing: AtomicBool,
}

struct Job {
    client: Client,
    lesson: String,
    spec: RunSpec,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let bundle = Bundle::read(&arguments.bundle)?;
    let course = bundle.course()?;
    let version = bundle.toolchain().split(' ').nth(1).unwrap_or("unknown").to_owned();
    let desk = Arc::new(Desk {
        bundle: bundle.folder().to_owned(),
        lessons: bundle.ids().map(ToString::to_string).collect(),
        version,
        keys: keys(&arguments.key_file)?,
        limit: arguments.limit,
        files: Mutex::default(),
        closing: AtomicBool::new(false),
    });
    let listener = TcpListener::bind(arguments.listen)
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let (queue, waiting) = mpsc::sync_channel(arguments.queue);
    let waiting = Arc::new(Mutex::new(waiting));
    let jobs = arguments.jobs.unwrap_or_else(place::cores).get();
    let workers: Vec<_> = (0..jobs)
        .map(|_| {
            let (desk, waiting) = (Arc::clone(&desk), Arc::clone(&waiting));
            std::thread::spawn(move || work(&desk, &waiting))
        })
        .collect();
    let address = listener.local_addr().context("cannot tell where it listens")?;
    close_on_signal(&desk, address)?;
    println!("{} on http://{address}{PREFIX}", course.title.en);
    // The thread that waits for signals holds the desk too.
    welcome(&listener, &desk, &queue, LISTENED_TO + jobs + 1);
    drop((listener, queue));
    // What is in work gets its mark.
    for worker in workers {
        _ = worker.join();
    }
    Ok(Exit::Done)
}

/// Lets clients in until it is told to close. Each thread that listens to one holds the desk once, and
/// the desk is held `most` times at most.
fn welcome(listener: &TcpListener, desk: &Arc<Desk>, queue: &SyncSender<Job>, most: usize) {
    loop {
        let accepted = listener.accept();
        if desk.closing.load(Ordering::Relaxed) {
            return;
        }
        let client = match accepted {
            Ok((stream, _)) => Client::new(stream),
            Err(error) => {
                // A client that has left already, or no descriptor that is free until one leaves.
                eprintln!("cannot let a client in: {error}");
                std::thread::park_timeout(Duration::from_millis(100));
                continue;
            }
        };
        if Arc::strong_count(desk) > most {
            client.turn_away();
            continue;
        }
        let (desk, queue) = (Arc::clone(desk), queue.clone());
        std::thread::spawn(move || attend(&desk, client, &queue));
    }
}

/// Ends the welcome at `address` when a signal says so: what is in work is finished, and who waits is
/// told to come again.
fn close_on_signal(desk: &Arc<Desk>, address: SocketAddr) -> anyhow::Result<()> {
    let failed = "cannot listen for signals";
    let (mut signals, tell) = UnixStream::pair().context(failed)?;
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let tell = tell.try_clone().context(failed)?;
        signal_hook::low_level::pipe::register(signal, tell).context(failed)?;
    }
    let desk = Arc::clone(desk);
    std::thread::spawn(move || {
        _ = signals.read(&mut [0]);
        desk.closing.store(true, Ordering::Relaxed);
        // Somebody has to come for the welcome to look up.
        _ = TcpStream::connect(address);
    });
    Ok(())
}

/// Listens to `client`, and answers or lets it wait for its grade.
fn attend(desk: &Desk, mut client: Client, queue: &SyncSender<Job>) {
    match desk.receive(&mut client) {
        Ok(Received::Job { lesson, spec }) => match queue.try_send(Job { client, lesson, spec }) {
            Ok(()) => {}
            Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => {
                job.client.answer(200, &Outcome::Overload.reply(""));
            }
        },
        Ok(Received::Answer(code, text)) => client.answer(code, &text),
        Err(Refused(code, reason)) => client.answer(code, &json!(reason).to_string()),
    }
}

/// The digests of the keys: comparing digests takes the same time for every wrong key.
fn keys(path: &Path) -> anyhow::Result<Vec<[u8; 32]>> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read the keys in {}", path.display()))?;
    let keys = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Vec<[u8; 32]> = keys.map(|key| Sha256::digest(key).into()).collect();
    if keys.is_empty() {
        bail!("{} holds no key; write one line into it, and the same into Moodle", path.display());
    }
    Ok(keys)
}

fn work(desk: &Desk, waiting: &Mutex<Receiver<Job>>) {
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { client, lesson, spec }) = next else { return };
        if desk.closing.load(Ordering::Relaxed) {
            client.answer(200, &Outcome::Overload.reply(""));
            continue;
        }
        // Nobody would hear of the grade, and others wait.
        if client.is_gone() {
            continue;
        }
        let files = spec.files(&desk.files.lock().unwrap_or_else(PoisonError::into_inner));
        let graded = child::grade(Platform::CodeRunner, &desk.bundle, &lesson, &files, desk.limit);
        let reply = match graded {
            Ok(Some(result)) => Outcome::Ok.reply(&result),
            Ok(None) => Outcome::Internal.reply(""),
            Err(error) => {
                eprintln!("error: {error:#}");
                Outcome::Internal.reply("")
            }
        };
        client.answer(200, &reply);
    }
}

/// What a request turns out to be.
enum Received {
    Answer(u16, String),
    Job { lesson: String, spec: RunSpec },
}

impl Desk {
    fn receive(&self, client: &mut Client) -> Result<Received, Refused> {
        let head = client.head()?;
        // Before anything more is read of somebody who is not let in.
        self.let_in(&head)?;
        let unknown = || Refused(404, format!("nothing is at {}", head.path));
        let path = head.path.strip_prefix(PREFIX).ok_or_else(unknown)?;
        match (head.method.as_str(), path.split_once('/').unwrap_or((path, ""))) {
            ("GET", ("languages", "")) => {
                Ok(Received::Answer(200, json!([["rust", self.version]]).to_string()))
            }
            ("POST", ("runs", "")) => self.run(&client.body(&head)?),
            ("PUT", ("files", id)) if !id.is_empty() => {
                let body = client.body(&head)?;
                let kept = self.files().put(id, &body);
                kept.map_err(|reason| Refused(400, reason.to_owned()))?;
                Ok(Received::Answer(204, String::new()))
            }
            ("HEAD", ("files", id)) => match self.files().get(id) {
                Some(_) => Ok(Received::Answer(204, String::new())),
                None => Err(Refused(404, "no such file".to_owned())),
            },
            _ => Err(unknown()),
        }
    }

    fn files(&self) -> std::sync::MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn let_in(&self, head: &Head) -> Result<(), Refused> {
        let given: [u8; 32] =
            Sha256::digest(head.all("x-api-key").next().unwrap_or_default()).into();
        match self.keys.contains(&given) {
            true => Ok(()),
            false => Err(Refused(403, "wrong or missing X-API-KEY".to_owned())),
        }
    }

    fn run(&self, body: &str) -> Result<Received, Refused> {
        let spec = RunSpec::read(body).map_err(|reason| Refused(400, reason))?;
        if spec.language != "rust" {
            return Err(Refused(400, format!("Language '{}' is not known", spec.language)));
        }
        if let Some(missing) = spec.missing(&self.files()) {
            return Err(Refused(404, format!("no file `{missing}`; put it and try again")));
        }
        let alone = match &self.lessons[..] {
            [lesson] => Some(lesson.clone()),
            _ => None,
        };
        let lesson = spec.lesson.clone().or(alone).filter(|lesson| self.lessons.contains(lesson));
        match lesson {
            Some(lesson) => Ok(Received::Job { lesson, spec }),
            None => {
                let known = self.lessons.join(", ");
                let odd =
                    format!("begin the template with `// lesson: <lesson>`; here are {known}");
                Err(Refused(400, odd))
            }
        }
    }
}
