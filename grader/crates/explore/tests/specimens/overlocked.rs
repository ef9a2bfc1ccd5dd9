use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[test]
fn nothing_ever_runs_at_once() {
    let (whole, inside, peak) = (Mutex::new(()), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let _all = whole.lock().unwrap();
                peak.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
                inside.fetch_sub(1, SeqCst);
            });
        }
    });
    std::reachable("two are inside at once", peak.load(SeqCst) == 2);
}
