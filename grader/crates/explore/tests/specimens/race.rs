use std::sync::{Arc, Mutex};
use std::thread;

fn bump(counter: &Mutex<u32>) {
    let seen = *counter.lock().unwrap();
    *counter.lock().unwrap() = seen + 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bumps_are_two() {
        let counter = Arc::new(Mutex::new(0));
        let other = Arc::clone(&counter);
        let thread = thread::spawn(move || bump(&other));
        bump(&counter);
        thread.join().unwrap();
        println!("counted");
        assert_eq!(*counter.lock().unwrap(), 2);
    }

    #[test]
    #[ignore = "not of interest here"]
    fn ignored() {
        panic!("never runs");
    }
}
