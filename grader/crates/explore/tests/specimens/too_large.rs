use std::sync::mpsc::channel;

#[test]
fn passes_very_many_messages() {
    let (sender, receiver) = channel();
    let thread = std::thread::spawn(move || receiver.iter().count());
    for number in 0..1_000_000 {
        sender.send(number).unwrap();
    }
    drop(sender);
    assert_eq!(thread.join().unwrap(), 1_000_000);
}
