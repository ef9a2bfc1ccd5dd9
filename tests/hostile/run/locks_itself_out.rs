//! Locks a lock that it holds, and so waits for itself.
//! verdict: deadlock
fn main() {
    let lock = std::sync::Mutex::new(());
    let _held = lock.lock();
    let _never = lock.lock();
}
