use core::sync::atomic::{AtomicU8, Ordering};
use std::thread;

#[test]
fn sets_two_bits() {
    let flags = AtomicU8::new(0);
    thread::scope(|scope| {
        for bit in 0..2 {
            let flags = &flags;
            scope.spawn(move || {
                let seen = flags.load(Ordering::Acquire);
                flags.store(seen | 1 << bit, Ordering::Release);
            });
        }
    });
    assert_eq!(flags.load(Ordering::Acquire), 3);
}
