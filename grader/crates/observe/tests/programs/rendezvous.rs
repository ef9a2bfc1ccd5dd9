//! Two threads that both send before they receive, over channels without room.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

fn exchange(give: SyncSender<u32>, take: Receiver<u32>) -> u32 {
    give.send(1).unwrap();
    take.recv().unwrap()
}

fn main() {
    let (to_ann, for_ann) = sync_channel(0);
    let (to_bob, for_bob) = sync_channel(0);
    let ann = thread::Builder::new().name("ann".to_owned());
    let ann = ann.spawn(move || exchange(to_bob, for_ann)).unwrap();
    let bob = thread::Builder::new().name("bob".to_owned());
    let bob = bob.spawn(move || exchange(to_ann, for_bob)).unwrap();
    ann.join().unwrap();
    bob.join().unwrap();
}
