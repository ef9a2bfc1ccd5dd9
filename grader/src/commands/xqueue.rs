use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use engine::bundle::Bundle;
use intake::SourceFile;
use platforms::Platform;
use serde_json::Value;
use ureq::Agent;

use crate::child;
use crate::exit::Exit;

/// Grade edX's submissions: pulls them from an XQueue and puts the results back
///
/// The problem's `grader_payload` names the lesson: `{"lesson": "lock"}`, or `lock` alone; with one
/// lesson in the bundle it may be empty. What could not be graded is not answered, and the queue
/// hands it out again.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  grader xqueue --bundle /opt/interleave --url https://xqueue.example.org --queue interleave \\
      --user grader --password-file /etc/interleave/xqueue.password")]
pub(crate) struct Arguments {
    /// The folder with bundle.json, which `grader export xqueue` made
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// The address of the queue's server
    #[arg(long, value_name = "URL")]
    url: String,
    /// The name of the queue
    #[arg(long, value_name = "NAME")]
    queue: String,
    /// Who may pull from it
    #[arg(long, value_name = "NAME")]
    user: String,
    /// A file with the password
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
    /// Seconds between looks at an empty queue
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    poll: u64,
    /// End when the queue is empty
    #[arg(long)]
    once: bool,
    /// Seconds that grading a submission may take
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    limit: u64,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let bundle = Bundle::read(&arguments.bundle)?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .context("cannot listen for signals")?;
    }
    let mut queue = Queue::log_in(arguments)?;
    let mut exit = Exit::Done;
    while !stop.load(Ordering::Relaxed) {
        match queue.next() {
            Ok(Some(submission)) => match grade(arguments, &bundle, &submission) {
                Ok(body) => {
                    if let Err(error) = queue.put(&submission, &body) {
                        // A session ends while a grading takes its time.
                        eprintln!("error: {error:#}; logging in again");
                        queue = Queue::log_in(arguments)?;
                        queue.put(&submission, &body)?;
                    }
                }
                Err(error) => {
                    // Without an answer it stays in the queue: nobody loses an attempt.
                    eprintln!("not answered: {error:#}");
                    exit = Exit::NotGradable;
                    rest(Duration::from_secs(arguments.poll), &stop);
                }
            },
            Ok(None) if arguments.once => return Ok(exit),
            Ok(None) => rest(Duration::from_secs(arguments.poll), &stop),
            Err(error) if arguments.once => return Err(error),
            Err(error) => {
                eprintln!("error: {error:#}; trying again");
                rest(Duration::from_secs(arguments.poll), &stop);
                queue = Queue::log_in(arguments).unwrap_or(queue);
            }
        }
    }
    Ok(exit)
}

/// The queue tells nobody when something comes, so it has to be looked at from time to time.
fn rest(time: Duration, stop: &AtomicBool) {
    let until = Instant::now() + time;
    while Instant::now() < until && !stop.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_millis(200).min(time));
    }
}

fn grade(arguments: &Arguments, bundle: &Bundle, submission: &Pulled) -> anyhow::Result<String> {
    let lesson = lesson(bundle, &submission.payload)?;
    let files = [SourceFile { path: "src/lib.rs".into(), text: submission.answer.clone() }];
    let graded = child::grade(Platform::Xqueue, bundle.folder(), &lesson, &files, arguments.limit)?;
    graded.with_context(|| format!("submission {} could not be graded", submission.header))
}

/// Which lesson a problem's payload names.
fn lesson(bundle: &Bundle, payload: &str) -> anyhow::Result<String> {
    let known: Vec<String> = bundle.ids().map(ToString::to_string).collect();
    let object = serde_json::from_str::<Value>(payload).unwrap_or_default();
    let named = object["lesson"].as_str().unwrap_or(payload.trim());
    match &known[..] {
        [only] if named.is_empty() => Ok(only.clone()),
        _ if known.iter().any(|lesson| lesson == named) => Ok(named.to_owned()),
        _ => bail!("grader_payload names the lesson `{named}`; here are {}", known.join(", ")),
    }
}

/// A submission from the queue.
struct Pulled {
    /// Goes back as it came.
    header: String,
    payload: String,
    answer: String,
}

/// One session with an XQueue.
struct Queue {
    agent: Agent,
    url: String,
    name: String,
    cookie: String,
}

impl Queue {
    fn log_in(arguments: &Arguments) -> anyhow::Result<Self> {
        let password = password(&arguments.password_file)?;
        let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(60)));
        // A redirect means that nobody is logged in.
        let config =
            config.http_status_as_error(false).max_redirects(0).max_redirects_will_error(false);
        let agent: Agent = config.build().into();
        let url = arguments.url.trim_end_matches('/').to_owned();
        let mut queue = Self { agent, url, name: arguments.queue.clone(), cookie: String::new() };
        let form = [("username", arguments.user.as_str()), ("password", password.as_str())];
        let address = format!("{}/xqueue/login/", queue.url);
        let answer = queue.agent.post(&address).send_form(form);
        let mut answer = answer.with_context(|| format!("cannot reach {address}"))?;
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        queue.cookie = cookies.collect::<Vec<_>>().join("; ");
        let text = answer.body_mut().read_to_string().context("the queue's answer broke off")?;
        content(&text).with_context(|| format!("{} was not let in", arguments.user))?;
        Ok(queue)
    }

    /// The next submission; none if the queue is empty.
    fn next(&self) -> anyhow::Result<Option<Pulled>> {
        let address = format!("{}/xqueue/get_submission/", self.url);
        let asked = self.agent.get(&address).query("queue_name", &self.name);
        let answer = asked.header("Cookie", &self.cookie).call();
        let mut answer = answer.with_context(|| format!("cannot reach {address}"))?;
        if answer.status().is_redirection() {
            bail!("the queue's server forgot who is logged in");
        }
        let text = answer.body_mut().read_to_string().context("the queue's answer broke off")?;
        let content = match content(&text) {
            Ok(content) => content,
            Err(error) if error.to_string().ends_with("is empty") => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(pulled(&content).with_context(|| format!("what is this? {content}"))?))
    }

    fn put(&self, submission: &Pulled, body: &str) -> anyhow::Result<()> {
        let address = format!("{}/xqueue/put_result/", self.url);
        let form = [("xqueue_header", submission.header.as_str()), ("xqueue_body", body)];
        let answer = self.agent.post(&address).header("Cookie", &self.cookie).send_form(form);
        let mut answer = answer.with_context(|| format!("cannot reach {address}"))?;
        let text = answer.body_mut().read_to_string().context("the queue's answer broke off")?;
        content(&text).context("the queue did not take a result")?;
        Ok(())
    }
}

fn password(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read the password in {}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// What stands in `{"return_code": 0, "content": ...}`; another code is an error.
fn content(answer: &str) -> anyhow::Result<String> {
    let reply: Value = serde_json::from_str(answer)
        .with_context(|| format!("this is no answer of an XQueue: {}", short(answer)))?;
    let content = match &reply["content"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match reply["return_code"].as_i64() {
        Some(0) => Ok(content),
        _ => bail!("the queue says: {content}"),
    }
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

fn pulled(content: &str) -> Option<Pulled> {
    let content: Value = serde_json::from_str(content).ok()?;
    let header = content["xqueue_header"].as_str()?.to_owned();
    let body: Value = serde_json::from_str(content["xqueue_body"].as_str()?).ok()?;
    let payload = match &body["grader_payload"] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    Some(Pulled { header, payload, answer: body["student_response"].as_str()?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_unwrapped_and_a_refusal_is_an_error() {
        assert_eq!(content(r#"{"return_code": 0, "content": "x"}"#).unwrap(), "x");
        let error = content(r#"{"return_code": 1, "content": "Queue 'q' is empty"}"#).unwrap_err();
        assert!(error.to_string().ends_with("is empty"));
        assert!(content("<html>").is_err());
    }

    #[test]
    fn a_submission_has_a_header_that_goes_back_as_it_came() {
        let body = serde_json::json!({
            "student_info": "{}", "student_response": "fn f() {}", "grader_payload": "{\"lesson\": \"lock\"}",
        });
        let content = serde_json::json!({
            "xqueue_header": "{\"submission_id\": 1}", "xqueue_body": body.to_string(), "xqueue_files": "{}",
        });
        let pulled = pulled(&content.to_string()).unwrap();
        assert_eq!(pulled.header, "{\"submission_id\": 1}");
        assert_eq!(
            (pulled.answer.as_str(), pulled.payload.as_str()),
            ("fn f() {}", "{\"lesson\": \"lock\"}")
        );
    }
}
