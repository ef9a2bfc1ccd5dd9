use std::cell::RefCell;
use std::thread;

thread_local! { static NAME: RefCell<String> = const { RefCell::new(String::new()) }; }

/// The name.
pub fn my_name() -> String {
    let name = NAME.with(|name| name.borrow().clone());
    if !name.is_empty() {
        return name;
    }
    if thread::current().name() == Some("main") {
        "main".to_string()
    } else {
        "unnamed".to_string()
    }
}

/// Counts.
pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let mut handles = Vec::new();
    for name in names {
        let tick = tick.clone();
        let own = name.to_string();
        let builder = thread::Builder::new().name(name.to_string());
        handles.push(
            builder
                .spawn(move || {
                    NAME.set(own);
                    for n in 1..=upto {
                        tick(n)
                    }
                })
                .unwrap(),
        );
    }
    let outcomes: Vec<_> = handles.into_iter().map(|handle| handle.join()).collect();
    for outcome in outcomes {
        outcome.unwrap();
    }
}
