//! The pages hold our markup and nobody else's: checked without a browser.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::corpus::pages;

/// All elements of the pages, and of the pictures in them.
const ELEMENTS: [&str; 41] = [
    "html", "head", "meta", "title", "link", "style", "body", "a", "main", "footer", "h1", "h2",
    "ul", "li", "b", "nav", "section", "p", "figure", "svg", "rect", "text", "line", "div",
    "table", "thead", "tbody", "tr", "th", "td", "span", "small", "dl", "dt", "dd", "ol",
    "details", "summary", "pre", "img", "code",
];
const IN_PICTURES: [&str; 7] = ["svg", "title", "style", "defs", "pattern", "path", "rect"];

/// A start tag: its name, and the names and values of its attributes.
type Tag = (String, Vec<(String, String)>);

/// The start tags of `text`, which has to be well-formed as our own templates are.
fn tags(text: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        if name.is_empty() {
            assert!(rest.starts_with('/') || rest.starts_with("!DOCTYPE html>"), "{:.80}", rest);
            continue;
        }
        rest = &rest[name.len()..];
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('>').or_else(|| rest.strip_prefix("/>")) {
                rest = after;
                break;
            }
            let end = rest.find(['=', ' ', '>']).expect("a tag has an end");
            let key = rest[..end].to_owned();
            rest = &rest[end..];
            let value = match rest.strip_prefix("=\"") {
                Some(quoted) => {
                    let end = quoted.find('"').expect("a quote has an end");
                    rest = &quoted[end + 1..];
                    quoted[..end].replace("&#x2f;", "/")
                }
                None => {
                    assert!(!rest.starts_with('='), "without quotes: {rest:.80}");
                    String::new()
                }
            };
            attributes.push((key, value));
        }
        tags.push((name, attributes));
    }
    tags
}

fn check_links(path: &str, (name, attributes): &Tag) {
    for (key, value) in attributes {
        assert!(
            !key.starts_with("on") && key != "style" && key != "srcdoc",
            "{path}: {name} {key}"
        );
        let fits = match key.as_str() {
            "href" => value.starts_with('#') || value == "data:," || is_of_the_site(value),
            "src" => value.starts_with("data:image/svg+xml;base64,"),
            "http-equiv" => value == "Content-Security-Policy",
            _ => true,
        };
        assert!(fits, "{path}: {name} {key}={value}");
    }
}

/// `students/lock-2.html#lock`
fn is_of_the_site(link: &str) -> bool {
    let Some(page) = link.strip_prefix("students/") else { return false };
    let (file, _) = page.split_once('#').unwrap_or((page, ""));
    let plain = |c: char| c.is_alphanumeric() || c == '-';
    file.strip_suffix(".html").is_some_and(|stem| stem.chars().all(plain))
}

#[test]
fn whatever_students_write_the_pages_hold_our_elements_and_links_alone() {
    for page in pages() {
        let path = page.path.display().to_string();
        for tag in tags(&page.text) {
            assert!(ELEMENTS.contains(&tag.0.as_str()), "{path}: {}", tag.0);
            check_links(&path, &tag);
        }
    }
}

#[test]
fn every_page_forbids_scripts_forms_and_whatever_is_elsewhere() {
    for page in pages() {
        let policy = page.text.split("Content-Security-Policy\" content=\"").nth(1).unwrap();
        let policy = policy.split('"').next().unwrap();
        assert!(policy.starts_with("default-src 'none'; img-src data:; style-src 'sha256-"));
        assert!(policy.ends_with("; base-uri 'none'; form-action 'none'"), "{policy}");
        let head = page.text.find("<style>").unwrap();
        assert!(page.text.find("Content-Security-Policy").unwrap() < head, "it comes first");
    }
}

#[test]
fn pictures_hold_shapes_and_words_alone() {
    let mut seen = 0;
    for page in pages() {
        for (_, attributes) in tags(&page.text).iter().filter(|(name, _)| name == "img") {
            let source = &attributes.iter().find(|(key, _)| key == "src").unwrap().1;
            let coded = source.strip_prefix("data:image/svg+xml;base64,").unwrap();
            let picture = String::from_utf8(BASE64_STANDARD.decode(coded).unwrap()).unwrap();
            for (name, attributes) in tags(&picture) {
                let known = IN_PICTURES.contains(&name.as_str()) || name == "text";
                assert!(known, "{name}: {picture}");
                let safe =
                    |(key, _): &(String, String)| !key.starts_with("on") && !key.ends_with("href");
                assert!(attributes.iter().all(safe), "{picture}");
            }
            seen += 1;
        }
    }
    assert_eq!(seen, crate::corpus::attacks().len());
}
