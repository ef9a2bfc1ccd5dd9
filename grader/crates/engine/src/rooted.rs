//! A student's file as a module: its `crate::` has to lead to the module.

use std::ops::Range;

use intake::SourceFile;
use proc_macro2::{TokenStream, TokenTree};

/// The same files with every path that begins at the root of the crate beginning at the module
/// `module` of the root; none if there is no such path. What stays keeps its line.
pub(crate) fn rooted(files: &[SourceFile], module: &str) -> Option<Vec<SourceFile>> {
    let mut changed = false;
    let mut root = |file: &SourceFile| {
        let text = lead(&file.text, module);
        changed |= text.is_some();
        let text = text.unwrap_or_else(|| file.text.clone());
        SourceFile { path: file.path.clone(), text }
    };
    let files = files.iter().map(&mut root).collect();
    changed.then_some(files)
}

fn lead(text: &str, module: &str) -> Option<String> {
    // It is not counted in the places of the tokens.
    let (mark, text) = text.split_at(if text.starts_with('\u{feff}') { 3 } else { 0 });
    let mut roots = Vec::new();
    find_roots(text.parse().ok()?, &mut roots);
    let mut led = mark.to_owned();
    let mut from = 0;
    for root in &roots {
        led.push_str(text.get(from..root.end)?);
        led.push_str("::");
        led.push_str(module);
        from = root.end;
    }
    led.push_str(text.get(from..)?);
    (!roots.is_empty()).then_some(led)
}

/// Finds each `crate` that a path begins with, also where a macro is given one or makes one.
fn find_roots(tokens: TokenStream, roots: &mut Vec<Range<usize>>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => find_roots(group.stream(), roots),
            TokenTree::Ident(word) if word == "crate" => {
                let path = |next: &TokenTree| matches!(next, TokenTree::Punct(one) if one.as_char() == ':');
                if tokens.peek().is_some_and(path) {
                    roots.push(word.span().byte_range());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_from_the_root_lead_to_the_module_and_nothing_else_changes() {
        let text = "\u{feff}//! crate::Word\r\npub(crate) struct Word;\n\
                    use crate::{a, b}; // crate::Word\n\
                    macro_rules! m { () => { $crate::open(\"crate::é\", crate :: Word) } }\n";
        let led = "\u{feff}//! crate::Word\r\npub(crate) struct Word;\n\
                   use crate::student::{a, b}; // crate::Word\n\
                   macro_rules! m { () => { $crate::student::open(\"crate::é\", \
                   crate::student :: Word) } }\n";
        assert_eq!(lead(text, "student").as_deref(), Some(led));
    }

    #[test]
    fn what_has_no_such_path_or_is_no_rust_stays() {
        for text in ["pub(crate) fn f() {}", "fn f( {", "// crate::x"] {
            assert_eq!(lead(text, "student"), None);
        }
    }
}
