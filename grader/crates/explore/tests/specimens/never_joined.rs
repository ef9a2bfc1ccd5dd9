use std::sync::mpsc::channel;

#[test]
fn leaves_a_thread_behind() {
    let (sender, receiver) = channel::<u32>();
    std::thread::spawn(move || receiver.recv());
    std::mem::forget(sender);
}
