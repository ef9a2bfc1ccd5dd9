//! The `#[test]` attribute of `interleave`: the body is explored instead of run once.
//!
//! Works on tokens alone, so that it costs nothing to compile.

use proc_macro::{Delimiter, Group, Ident, TokenStream, TokenTree};

/// Marks a test whose body runs under many schedules.
///
/// `#[ignore]`, `#[should_panic]` and a `Result` as return type mean what they mean
/// elsewhere. Works where the look-alike stands in for `std`.
#[proc_macro_attribute]
pub fn test(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    let Some(TokenTree::Group(body)) = tokens.pop() else {
        return error("`#[test]` belongs on a function with a body");
    };
    let Some(name) = function_name(&tokens) else {
        return error("`#[test]` belongs on a function");
    };
    let should_panic = take_should_panic(&mut tokens);
    let result = take_return_type(&mut tokens);

    let mut explored = TokenStream::new();
    explored.extend(parse("::std::__explore_test"));
    let mut arguments = parse(&format!("::core::module_path!(), {:?}, ", name.to_string()));
    arguments.extend(parse(&match should_panic {
        ShouldPanic::No => "::std::ShouldPanic::No,".to_owned(),
        ShouldPanic::Yes => "::std::ShouldPanic::Yes,".to_owned(),
        ShouldPanic::With(text) => format!("::std::ShouldPanic::With({text}),"),
    }));
    arguments.extend(parse("||"));
    arguments.extend(parse("->"));
    // Said even where nothing is: a body that only panics would have the type `!`.
    arguments.extend(result.unwrap_or_else(|| parse("()")));
    arguments.extend([TokenTree::Group(body)]);
    explored.extend([TokenTree::Group(Group::new(Delimiter::Parenthesis, arguments))]);

    let mut function = parse("#[::std::__harness_test]");
    function.extend(tokens);
    function.extend([TokenTree::Group(Group::new(Delimiter::Brace, explored))]);
    function
}

enum ShouldPanic {
    No,
    Yes,
    /// The literal that the message must contain, as written.
    With(String),
}

fn function_name(tokens: &[TokenTree]) -> Option<Ident> {
    let keyword = tokens
        .iter()
        .position(|token| matches!(token, TokenTree::Ident(ident) if ident.to_string() == "fn"))?;
    match tokens.get(keyword + 1) {
        Some(TokenTree::Ident(name)) => Some(name.clone()),
        _ => None,
    }
}

/// Removes `#[should_panic]`: the explorer judges it per schedule, not the harness at the end.
fn take_should_panic(tokens: &mut Vec<TokenTree>) -> ShouldPanic {
    let mut index = 0;
    while index + 1 < tokens.len() {
        let attribute = match (&tokens[index], &tokens[index + 1]) {
            (TokenTree::Punct(hash), TokenTree::Group(group)) if hash.as_char() == '#' => group,
            _ => {
                index += 1;
                continue;
            }
        };
        let content: Vec<TokenTree> = attribute.stream().into_iter().collect();
        if !matches!(content.first(), Some(TokenTree::Ident(name)) if name.to_string() == "should_panic")
        {
            index += 1;
            continue;
        }
        let literal = literal_in(&content);
        tokens.drain(index..index + 2);
        return literal.map_or(ShouldPanic::Yes, ShouldPanic::With);
    }
    ShouldPanic::No
}

/// The literal of `should_panic = "..."` or `should_panic(expected = "...")`.
fn literal_in(content: &[TokenTree]) -> Option<String> {
    content.iter().find_map(|token| match token {
        TokenTree::Literal(literal) => Some(literal.to_string()),
        TokenTree::Group(group) => {
            literal_in(&group.stream().into_iter().collect::<Vec<TokenTree>>())
        }
        TokenTree::Ident(_) | TokenTree::Punct(_) => None,
    })
}

/// Removes `-> Type` and returns the type.
fn take_return_type(tokens: &mut Vec<TokenTree>) -> Option<TokenStream> {
    let arrow = tokens.windows(2).position(|pair| {
        matches!(&pair[0], TokenTree::Punct(dash) if dash.as_char() == '-')
            && matches!(&pair[1], TokenTree::Punct(tip) if tip.as_char() == '>')
    })?;
    let result = tokens.drain(arrow..).skip(2).collect();
    Some(result)
}

fn parse(source: &str) -> TokenStream {
    source.parse().expect("the macro writes valid tokens")
}

fn error(message: &str) -> TokenStream {
    parse(&format!("::core::compile_error!({message:?});"))
}
