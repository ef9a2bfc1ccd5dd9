//! The templates, which escape whatever they are given.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use course::Language;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::words::words;

const STYLE: &str = include_str!("../templates/style.css");

/// The templates, compiled once for all pages.
static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, text) in [
        ("base", include_str!("../templates/base.html")),
        ("overview", include_str!("../templates/overview.html")),
        ("student", include_str!("../templates/student.html")),
    ] {
        environment.add_template(name, text).expect("the templates are constants");
    }
    environment
});

/// What lets this very style through the page's policy, and no other.
static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| BASE64_STANDARD.encode(Sha256::digest(STYLE)));

/// Fills the template called `name` with `page`, in `language`.
pub(crate) fn fill(name: &str, language: Language, page: impl Serialize) -> String {
    let template = TEMPLATES.get_template(name).expect("the templates are constants");
    let page = Value::from(Serde(page));
    let w = Value::from(Serde(words(language)));
    let page = context! { style => STYLE, style_hash => STYLE_HASH.as_str(), w, page };
    template.render(page).expect("the templates fit what they are given")
}

/// A picture as the address of an image.
pub(crate) fn image(svg: &str) -> String {
    format!("data:image/svg+xml;base64,{}", BASE64_STANDARD.encode(svg))
}
