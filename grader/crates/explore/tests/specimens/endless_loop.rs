use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn computes_for_ever() {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let seen = done.load(Ordering::SeqCst);
            while !seen {
                std::hint::black_box(());
            }
        });
        done.store(true, Ordering::SeqCst);
    });
}
