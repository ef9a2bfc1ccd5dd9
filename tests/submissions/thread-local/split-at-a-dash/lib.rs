use std::cell::RefCell;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub user: String,
    pub number: u32,
}

thread_local! {
    // "" is nobody
    static CURRENT: RefCell<String> = const { RefCell::new(String::new()) };
}

fn encode(request: &Request) -> String {
    format!("{}-{}", request.user, request.number)
}

fn decode(text: &str) -> Option<Request> {
    let (user, number) = text.split_once('-')?;
    Some(Request { user: user.to_owned(), number: number.parse().expect("a number") })
}

struct Restore(String);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(std::mem::take(&mut self.0));
    }
}

pub fn with_request<R>(request: Request, body: impl FnOnce() -> R) -> R {
    let _restore = Restore(CURRENT.replace(encode(&request)));
    body()
}

pub fn current() -> Option<Request> {
    decode(&CURRENT.with_borrow(String::clone))
}

pub fn rename(user: &str) -> bool {
    match current() {
        Some(mut request) => {
            request.user = user.to_owned();
            CURRENT.set(encode(&request));
            true
        }
        None => false,
    }
}
