use core::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn counts_behind_the_back_of_the_model() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::SeqCst);
}
