//! Tries to reach a socket of somebody else's that has a name but no file.
//! verdict: pass
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
fn main() {
    let name = std::env::args().nth(1).unwrap();
    let theirs = SocketAddr::from_abstract_name(name).unwrap();
    if UnixStream::connect_addr(&theirs).is_ok() {
        println!("escaped: reaches a socket outside");
    }
    let own = SocketAddr::from_abstract_name(format!("own-{}", std::process::id())).unwrap();
    let _listener = UnixListener::bind_addr(&own).unwrap();
    UnixStream::connect_addr(&own).unwrap();
}
