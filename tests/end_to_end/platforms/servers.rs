//! The two platforms that are talked to over the network: CodeRunner asks, XQueue is asked.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::json;
use tiny_http::{Header, Method, Request, Response, Server};

use super::*;

/// The key that Jobe servers of these tests know.
pub(super) const KEY: &str = "2AAA7A5415B4A9B394B54BF1D2E9D";

/// A Jobe server that ends with the test.
pub(super) struct Jobe {
    pub(super) process: Child,
    pub(super) address: String,
    _keys: TempDir,
}

impl Drop for Jobe {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

impl Jobe {
    pub(super) fn start(more: &[&str]) -> Self {
        let keys = TempDir::new().unwrap();
        let key = keys.path().join("key");
        std::fs::write(&key, format!("{KEY}\n")).unwrap();
        let mut command = Command::new(bundle().join("grader"));
        command.args(["jobe", "--listen", "127.0.0.1:0", "--bundle"]).arg(bundle());
        command.arg("--key-file").arg(&key).args(more);
        Self::serve(command, keys)
    }

    /// Waits until `command` tells where it listens.
    fn serve(mut command: Command, keys: TempDir) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let address = first.trim().rsplit_once(" on ").unwrap().1.to_owned();
        Self { process, address, _keys: keys }
    }

    pub(super) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        self.ask_with(KEY, method, path, body)
    }

    fn ask_with(&self, key: &str, method: &str, path: &str, body: &Value) -> (u16, String) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("{}{path}", self.address);
        let answer = match method {
            "GET" => agent.get(url).header("X-API-KEY", key).call(),
            "PUT" => agent.put(url).header("X-API-KEY", key).send(body.to_string()),
            _ => agent.post(url).header("X-API-KEY", key).send(body.to_string()),
        };
        let mut answer = answer.unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }
}

pub(super) fn spec(source: &str, files: &Value) -> Value {
    json!({ "run_spec": {
        "language_id": "rust", "sourcecode": source, "sourcefilename": "test.rs", "input": "",
        "file_list": files, "parameters": { "cputime": 60 },
    } })
}

#[test]
fn coderunner_gets_a_fraction_and_a_table() {
    let jobe = Jobe::start(&[]);
    let (code, languages) = jobe.ask("GET", "languages", &Value::Null);
    assert_eq!(code, 200);
    assert!(languages.starts_with(r#"[["rust",""#), "{languages}");
    assert_eq!(jobe.ask_with("wrong", "GET", "languages", &Value::Null).0, 403);

    let question = package(Platform::CodeRunner).remove(0).text;
    assert!(question.contains("<template>// lesson: semaphore\n{{ STUDENT_ANSWER }}</template>"));
    let source = format!("// lesson: semaphore\n{}", solution(LESSON));
    let (code, answer) = jobe.ask("POST", "runs", &spec(&source, &json!([])));
    assert_eq!(code, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (&answer["outcome"], &answer["stderr"], &answer["cmpinfo"]),
        (&15.into(), &"".into(), &"".into())
    );
    let result: Value = serde_json::from_str(answer["stdout"].as_str().unwrap()).unwrap();
    assert_eq!(result["fraction"], 1.0);
    assert_eq!(result["testresults"].as_array().unwrap().len(), 8);
    no_secrets(&result.to_string());
}

#[test]
fn the_unit_of_a_jobe_server_starts_what_was_exported_beside_it() {
    let host = Host::new(Platform::CodeRunner);
    let unit = host.read("package/server/interleave-jobe.service");
    let line =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=/opt/interleave/")).unwrap();
    let keys = TempDir::new().unwrap();
    std::fs::write(keys.path().join("jobe.key"), format!("{KEY}\n")).unwrap();
    for entry in std::fs::read_dir(bundle()).unwrap().flatten() {
        let here = host.at("package/server/interleave").join(entry.file_name());
        symlink(entry.path(), here).unwrap();
    }
    let line = line.replace("/etc/interleave", &keys.path().display().to_string());
    let line = line.replace(":4000", ":0");
    let mut words = line.split(' ');
    let script = host.at("package/server/interleave").join(words.next().unwrap());
    let mut command = Command::new(script);
    command.args(words);
    let jobe = Jobe::serve(command, keys);
    assert_eq!(jobe.ask("GET", "languages", &Value::Null).0, 200);
}

#[test]
fn coderunner_is_told_what_is_missing_or_wrong() {
    let jobe = Jobe::start(&["--limit", "0"]);
    let files = json!([["abc", "more.rs"]]);
    let with_file = spec("// lesson: semaphore\nx", &files);
    assert_eq!(jobe.ask("POST", "runs", &with_file).0, 404);
    let contents = json!({ "file_contents": "eA==" });
    assert_eq!(jobe.ask("PUT", "files/abc", &contents), (204, String::new()));
    // No time at all: nothing is graded, and that is an internal error and no mark.
    let (code, answer) = jobe.ask("POST", "runs", &with_file);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((code, &answer["outcome"], &answer["stdout"]), (200, &20.into(), &"".into()));
    assert_eq!(jobe.ask("POST", "runs", &spec("// lesson: lock\nx", &json!([]))).0, 400);
    assert_eq!(jobe.ask("POST", "runs", &Value::Null).0, 400);
    assert_eq!(jobe.ask("GET", "nothing", &Value::Null).0, 404);
}

/// Who has the queue.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// The service of its own.
    Xqueue,
    /// Open edX's LMS: a form without its token is forged, and a session may have ended.
    Lms,
}

/// The cookies that a client of `kind` comes with once it is logged in.
fn cookies(kind: Kind) -> &'static str {
    match kind {
        Kind::Xqueue => "sessionid=s1",
        Kind::Lms => "csrftoken=t1; sessionid=s1",
    }
}

/// Lets a client in.
fn login(kind: Kind, request: Request, body: &str) {
    let cookie = |text: &str| Header::from_bytes("Set-Cookie", text).unwrap();
    let said = json!({ "return_code": 0, "content": "Logged in" }).to_string();
    if *request.method() == Method::Get {
        let answer = match kind {
            Kind::Xqueue => Response::from_string("").with_status_code(405),
            Kind::Lms => Response::from_string(said)
                .with_header(cookie("csrftoken=t1; Path=/; SameSite=Lax")),
        };
        return request.respond(answer).unwrap();
    }
    assert_eq!(body, "username=grader&password=pass+word%26");
    let session = cookie("sessionid=s1; HttpOnly; Path=/");
    request.respond(Response::from_string(said).with_header(session)).unwrap();
}

fn header(request: &Request, name: &'static str) -> Option<String> {
    let named = |header: &&Header| header.field.equiv(name);
    request.headers().iter().find(named).map(|header| header.value.to_string())
}

/// A queue with `waiting` submissions; returns what was put back, or none once it is empty.
fn queue(kind: Kind, server: &Server, waiting: &mut Vec<Value>) -> Option<(String, Value)> {
    let mut ended = kind == Kind::Xqueue;
    loop {
        let mut request = server.recv().unwrap();
        let url = request.url().to_owned();
        let mut body = String::new();
        request.as_reader().read_to_string(&mut body).unwrap();
        if url == "/xqueue/login/" {
            login(kind, request, &body);
            continue;
        }
        assert_eq!(header(&request, "Cookie").as_deref(), Some(cookies(kind)));
        if decoded(&url) == "/xqueue/get_submission/?queue_name=course queue" {
            let next = waiting.pop();
            let answer = match &next {
                Some(submission) => json!({ "return_code": 0, "content": submission.to_string() }),
                None => json!({ "return_code": 1, "content": "Queue 'course queue' is empty" }),
            };
            request.respond(Response::from_string(answer.to_string())).unwrap();
            next.as_ref()?;
            continue;
        }
        assert_eq!(url, "/xqueue/put_result/");
        if kind == Kind::Lms {
            assert_eq!(header(&request, "X-CSRFToken").as_deref(), Some("t1"));
            assert!(header(&request, "Referer").unwrap().starts_with("http://127.0.0.1:"));
        }
        if !ended {
            ended = true;
            let said = json!({ "detail": "Authentication credentials were not provided." });
            let refused = Response::from_string(said.to_string()).with_status_code(403);
            request.respond(refused).unwrap();
            continue;
        }
        let answer = json!({ "return_code": 0, "content": "" }).to_string();
        request.respond(Response::from_string(answer)).unwrap();
        let fields: Vec<String> = body.split('&').map(decoded).collect();
        let field = |name: &str| fields.iter().find_map(|field| field.strip_prefix(name)).unwrap();
        return Some((
            field("xqueue_header=").to_owned(),
            serde_json::from_str(field("xqueue_body=")).unwrap(),
        ));
    }
}

fn decoded(field: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = field.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn pull(kind: Kind, limit: &str, payload: &str) -> (Option<i32>, Option<(String, Value)>) {
    let host = Host::new(Platform::Xqueue);
    host.write("password", "pass word&\n");
    let server = Server::http("127.0.0.1:0").unwrap();
    let header = r#"{"submission_id": 7, "submission_key": "k"}"#;
    let body = json!({ "student_info": "{}", "student_response": solution(LESSON), "grader_payload": payload });
    let submission =
        json!({ "xqueue_header": header, "xqueue_body": body.to_string(), "xqueue_files": "{}" });
    let mut command = Command::new(host.at("package/serve.sh"));
    command.args(["--once", "--poll", "0", "--limit", limit]);
    command.env("INTERLEAVE_ROOT", host.root.path());
    command.env("XQUEUE_URL", format!("http://{}", server.server_addr()));
    command.env("XQUEUE_NAME", "course queue").env("XQUEUE_USER", "grader");
    command.env("XQUEUE_PASSWORD_FILE", host.at("password"));
    let mut client = command.spawn().unwrap();
    let mut waiting = vec![submission];
    let put = queue(kind, &server, &mut waiting);
    if put.is_some() {
        assert_eq!(queue(kind, &server, &mut waiting), None);
    }
    (client.wait().unwrap().code(), put)
}

#[test]
fn xqueue_gets_an_answer_to_what_was_pulled() {
    for (kind, payload) in
        [(Kind::Xqueue, r#"{"lesson": "semaphore"}"#), (Kind::Lms, r#"{"grader": "semaphore"}"#)]
    {
        let (code, put) = pull(kind, "600", payload);
        let (header, body) = put.unwrap();
        assert_eq!(
            (code, header.as_str()),
            (Some(0), r#"{"submission_id": 7, "submission_key": "k"}"#)
        );
        assert_eq!((&body["correct"], &body["score"]), (&true.into(), &1.0.into()));
        no_secrets(&body.to_string());
    }
}

#[test]
fn what_could_not_be_graded_stays_in_the_queue() {
    assert_eq!(pull(Kind::Xqueue, "0", "semaphore"), (Some(3), None));
    assert_eq!(pull(Kind::Lms, "600", "no-such-lesson"), (Some(3), None));
}
