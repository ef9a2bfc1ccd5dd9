use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    pub name: String,
    pub word: String,
    pub times: usize,
}
impl Greeting {
    pub fn to(name: &str) -> Greeting {
        Greeting { name: name.into(), word: "Hello".into(), times: 1 }
    }
    pub fn text(&self) -> String {
        vec![format!("{} {}", self.word, self.name); self.times].join(", ")
    }
}
pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    let mut handles = Vec::new();
    let mut done: Vec<thread::Result<R>> = Vec::new();
    for argument in arguments {
        if handles.len() == 8 {
            done.extend(handles.drain(..).map(|h: thread::JoinHandle<R>| h.join()));
        }
        let target = target.clone();
        handles.push(thread::spawn(move || target(argument)));
    }
    let mut results = done;
    for handle in handles {
        results.push(handle.join());
    }
    results
}
