//! A condition that was notified as often as to make it count up to the number of a thread.

use std::sync::{Condvar, Mutex};
use std::thread;

unsafe extern "C" {
    fn gettid() -> i32;
}

fn main() {
    let (lock, condition) = (Mutex::new(()), Condvar::new());
    let (told, tell) = (Mutex::new(0), Condvar::new());
    thread::scope(|scope| {
        let idle = thread::Builder::new().name("idle".to_owned());
        let idle = idle.spawn_scoped(scope, || {
            *told.lock().unwrap() = unsafe { gettid() };
            tell.notify_one();
            thread::park();
        });
        let number = tell.wait_while(told.lock().unwrap(), |number| *number == 0).unwrap();
        for _ in 0..*number {
            condition.notify_one();
        }
        let _woken = condition.wait(lock.lock().unwrap()).unwrap();
        idle.unwrap().thread().unpark();
    });
}
