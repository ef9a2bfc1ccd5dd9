//! A server waits for a connection that nobody is left to make.
//! verdict: deadlock
//! verdict in C: timeout
//! verdict in D: timeout
//! wall: 1500
fn main() {
    let listener = std::os::unix::net::UnixListener::bind("visitors").unwrap();
    let _ = listener.accept();
}
