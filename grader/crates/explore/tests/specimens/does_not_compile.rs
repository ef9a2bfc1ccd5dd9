use std::sync::Mutex;

#[test]
fn has_a_typo() {
    let lock = Mutex::new(0);
    *lock.lok().unwrap() += 1;
}
