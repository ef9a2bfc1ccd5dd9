//! The pages in a real browser, if this host has one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::corpus::{MARK, pages};

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A browser of this host; without one says that nothing is checked.
#[expect(clippy::print_stderr, reason = "a test that checks nothing has to say so")]
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let found = BROWSERS.iter().find_map(|name| {
        folders.iter().map(|folder| folder.join(name)).find(|browser| browser.is_file())
    });
    if found.is_none() {
        eprintln!("not checked: no browser on this host; it would be one of {BROWSERS:?}");
    }
    found
}

/// What the document at `page` becomes, and what the browser says meanwhile.
fn load(browser: &Path, page: &Path) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        .args(["--no-first-run", "--enable-logging=stderr", "--virtual-time-budget=4000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stderr);
    let console = said.lines().filter(|line| line.contains("CONSOLE")).collect::<Vec<_>>();
    (text(&output.stdout), console.join("\n"))
}

fn is_owned(document: &str) -> bool {
    let start = document.find("<html").expect("a document");
    document[start..].split('>').next().unwrap_or_default().contains("data-owned")
}

/// All pages as one, so that the browser starts once: a frame for each, which tells by how
/// much it is too wide.
fn framed(folder: &TempDir, change: impl Fn(&str) -> String) -> PathBuf {
    let mut frames = String::new();
    for (index, page) in pages().iter().enumerate() {
        fs::write(folder.path().join(format!("{index}.html")), change(&page.text)).unwrap();
        frames += &format!("<iframe width=\"390\" height=\"800\" src=\"{index}.html\"></iframe>\n");
    }
    let listen = "let over = 0, heard = 0, root = document.documentElement;
        addEventListener('message', ({ data }) => {
            if (data.owned) root.setAttribute('data-owned', 1);
            over = Math.max(over, data.over);
            root.dataset.over = over; root.dataset.heard = ++heard;
        });";
    let index = folder.path().join("index.html");
    fs::write(&index, format!("<!DOCTYPE html><script>{listen}</script>\n{frames}")).unwrap();
    index
}

/// A page that says, once it is loaded, by how much it is too wide, and whether a script of a student ran.
fn telling(page: &str) -> String {
    let tell = "<script>addEventListener('load', () => setTimeout(() => parent.postMessage({
        over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        owned: document.documentElement.hasAttribute('data-owned') }, '*'), 500))</script>";
    let (before, policy) = page.split_once("<meta http-equiv=").unwrap();
    let (_, after) = policy.split_once('>').unwrap();
    format!("{before}{after}{tell}")
}

#[test]
fn every_page_loads_without_a_word_on_the_console() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let index = framed(&folder, str::to_owned);
    let (document, console) = load(&browser, &index);
    assert!(document.contains("iframe"), "{document}");
    assert_eq!(console, "");
    // The check can fail: a script would be told of.
    let scripted = folder.path().join("scripted.html");
    let page = pages()[0].text.replace("<main", &format!("<script>{MARK}</script><main"));
    fs::write(&scripted, page).unwrap();
    let (document, console) = load(&browser, &scripted);
    assert!(!is_owned(&document) && console.contains("Content Security Policy"), "{console}");
}

#[test]
fn even_without_the_policy_no_attack_runs_and_no_page_is_wider_than_a_phone() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let index = framed(&folder, telling);
    let (document, _) = load(&browser, &index);
    let count = pages().len();
    assert!(document.contains(&format!("data-heard=\"{count}\"")), "{:.300}", document);
    assert!(document.contains("data-over=\"0\""), "{:.300}", document);
    assert!(!is_owned(&document), "{:.300}", document);
    // The check can fail.
    let change = |page: &str| {
        let (head, body) = page.split_once("<main").unwrap();
        telling(&format!("{head}<script>{MARK}</script><div class=\"wide\"></div><main{body}"))
            .replace("</style>", ".wide { width: 500px; height: 1px }</style>")
    };
    let (document, _) = load(&browser, &framed(&folder, change));
    assert!(is_owned(&document) && !document.contains("data-over=\"0\""), "{:.300}", document);
}
