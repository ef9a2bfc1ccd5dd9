use std::sync::Mutex;
use std::thread;

static mut CALLS: u32 = 0;
static TURN: Mutex<()> = Mutex::new(());

fn call() {
    let _turn = TURN.lock().unwrap();
    unsafe { CALLS += 1 };
}

#[test]
fn two_calls_are_two() {
    let other = thread::spawn(call);
    call();
    other.join().unwrap();
    assert_eq!(unsafe { CALLS }, 2);
}
