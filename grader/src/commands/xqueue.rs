use std::collections::BTreeMap;
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
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::child;
use crate::exit::Exit;

/// Grade edX's submissions: pulls them from an XQueue and puts the results back
///
/// The problem's `grader_payload` names the lesson: `{"grader": "lock"}`, `{"lesson": "lock"}` or `lock`
/// alone; with one lesson in the bundle it may be empty. What could not be graded is not answered, and the queue
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
    #[arg(long, value_name = "SECONDS", overrides_with = "limit", default_value_t = Platform::Xqueue.limit())]
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
            Ok(Some(submission)) => {
                let graded = grade(arguments, &bundle, &submission);
                let answered = graded.and_then(|body| queue.answer(arguments, &submission, &body));
                if let Err(error) = answered {
                    // Without an answer it stays in the queue: nobody loses an attempt.
                    eprintln!("not answered: {error:#}");
                    exit = Exit::NotGradable;
                    rest(Duration::from_secs(arguments.poll), &stop);
                }
            }
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
    if submission.answer.trim().is_empty() && submission.has_files {
        bail!("the answer lies in files; give the problem a <textbox> and no <filesubmission>");
    }
    let lesson = lesson(bundle, &submission.payload)?;
    let files = [SourceFile { path: "src/lib.rs".into(), text: submission.answer.clone() }];
    let graded = child::grade(Platform::Xqueue, bundle.folder(), &lesson, &files, arguments.limit)?;
    graded.with_context(|| format!("submission {} could not be graded", submission.header))
}

/// Which lesson a problem's payload names.
fn lesson(bundle: &Bundle, payload: &str) -> anyhow::Result<String> {
    let known: Vec<String> = bundle.ids().map(ToString::to_string).collect();
    let object = serde_json::from_str::<Value>(payload).unwrap_or_default();
    // Of a payload Open edX's own queue keeps `grader` alone, empty if there was none.
    let named = object["lesson"].as_str().or(object["grader"].as_str());
    let named = named.unwrap_or(payload.trim());
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
    has_files: bool,
}

/// One session with an XQueue: the service of that name, or the queue within Open edX's LMS, which
/// also asks for a token against forged requests.
struct Queue {
    agent: Agent,
    url: String,
    name: String,
    cookies: BTreeMap<String, String>,
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
        let name = arguments.queue.clone();
        let mut queue = Self { agent, url, name, cookies: BTreeMap::new() };
        let form = [("username", arguments.user.as_str()), ("password", password.as_str())];
        let address = queue.address("login");
        // Whoever asks for a token hands it out here; others refuse to be asked, and need none.
        let page = queue.agent.get(&address).call();
        queue.keep_cookies(&page.with_context(|| format!("cannot reach {address}"))?);
        let answer = queue.post(&address, form)?;
        queue.keep_cookies(&answer);
        content(answer).with_context(|| format!("{} was not let in", arguments.user))?;
        Ok(queue)
    }

    fn address(&self, verb: &str) -> String {
        format!("{}/xqueue/{verb}/", self.url)
    }

    fn keep_cookies<B>(&mut self, answer: &Response<B>) {
        let cookies = answer.headers().get_all("set-cookie").iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let pairs = cookies.filter_map(|cookie| cookie.split_once('='));
        self.cookies.extend(pairs.map(|(name, value)| (name.trim().to_owned(), value.to_owned())));
    }

    fn cookie(&self) -> String {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn post(&self, address: &str, form: [(&str, &str); 2]) -> anyhow::Result<Response<Body>> {
        let mut request = self.agent.post(address).header("Referer", &self.url);
        if !self.cookies.is_empty() {
            request = request.header("Cookie", self.cookie());
        }
        let token = ["csrftoken", "edx-csrftoken"].iter().find_map(|name| self.cookies.get(*name));
        if let Some(token) = token {
            request = request.header("X-CSRFToken", token);
        }
        request.send_form(form).with_context(|| format!("cannot reach {address}"))
    }

    /// The next submission; none if the queue is empty.
    fn next(&self) -> anyhow::Result<Option<Pulled>> {
        let address = self.address("get_submission");
        let asked = self.agent.get(&address).query("queue_name", &self.name);
        let answer = asked.header("Cookie", self.cookie()).call();
        let answer = answer.with_context(|| format!("cannot reach {address}"))?;
        let content = match content(answer) {
            Ok(content) => content,
            Err(error) if error.root_cause().to_string().ends_with("is empty") => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(Some(pulled(&content).with_context(|| format!("what is this? {}", short(&content)))?))
    }

    /// Puts a result; a session may have ended while a grading took its time.
    fn answer(
        &mut self,
        arguments: &Arguments,
        submission: &Pulled,
        body: &str,
    ) -> anyhow::Result<()> {
        let Err(error) = self.put(submission, body) else { return Ok(()) };
        eprintln!("error: {error:#}; logging in again");
        *self = Self::log_in(arguments)?;
        self.put(submission, body)
    }

    fn put(&self, submission: &Pulled, body: &str) -> anyhow::Result<()> {
        let form = [("xqueue_header", submission.header.as_str()), ("xqueue_body", body)];
        let answer = self.post(&self.address("put_result"), form)?;
        content(answer).context("the queue did not take a result")?;
        Ok(())
    }
}

fn password(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path);
    let text = text.with_context(|| format!("cannot read the password in {}", path.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// What stands in `{"return_code": 0, "content": ...}`; another code is an error.
fn content(mut answer: Response<Body>) -> anyhow::Result<String> {
    let status = answer.status();
    let text = answer.body_mut().read_to_string().context("the queue's answer broke off")?;
    unwrapped(&text).with_context(|| format!("it answered {status}"))
}

fn unwrapped(answer: &str) -> anyhow::Result<String> {
    let reply: Value = serde_json::from_str(answer)
        .with_context(|| format!("this is no answer of an XQueue: {}", short(answer)))?;
    let content = match &reply["content"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match reply["return_code"].as_i64() {
        Some(0) => Ok(content),
        // Whoever checks permissions answers in words of its own.
        None => bail!("the queue says: {}", short(reply["detail"].as_str().unwrap_or(answer))),
        Some(_) => bail!("the queue says: {content}"),
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
    let files = content["xqueue_files"].as_str().and_then(|text| serde_json::from_str(text).ok());
    let has_files =
        files.is_some_and(|files: Value| files.as_object().is_some_and(|o| !o.is_empty()));
    Some(Pulled {
        header,
        payload,
        answer: body["student_response"].as_str()?.to_owned(),
        has_files,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_unwrapped_and_a_refusal_is_an_error() {
        assert_eq!(unwrapped(r#"{"return_code": 0, "content": "x"}"#).unwrap(), "x");
        for (answer, said) in [
            (r#"{"return_code": 1, "content": "Queue 'q' is empty"}"#, "is empty"),
            (r#"{"detail": "CSRF Failed: CSRF token missing."}"#, "CSRF token missing."),
            ("<html>", "this is no answer of an XQueue: <html>"),
        ] {
            let error = unwrapped(answer).unwrap_err();
            assert!(error.to_string().ends_with(said), "{error:#}");
        }
    }

    #[test]
    fn a_submission_has_a_header_that_goes_back_as_it_came() {
        let pulled = |files: &str| {
            let body = serde_json::json!({
                "student_info": "{}", "student_response": "fn f() {}", "grader_payload": "{\"lesson\": \"lock\"}",
            });
            let content = serde_json::json!({
                "xqueue_header": "{\"submission_id\": 1}", "xqueue_body": body.to_string(), "xqueue_files": files,
            });
            pulled(&content.to_string()).unwrap()
        };
        let text = pulled("{}");
        assert_eq!(text.header, "{\"submission_id\": 1}");
        assert_eq!(
            (text.answer.as_str(), text.payload.as_str()),
            ("fn f() {}", "{\"lesson\": \"lock\"}")
        );
        assert!(!text.has_files && !pulled("").has_files);
        assert!(pulled(r#"{"lib.rs": "https://files.example.org/1"}"#).has_files);
    }
}
