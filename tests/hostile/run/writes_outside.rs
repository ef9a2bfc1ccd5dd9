//! Tries to change what is not its own, itself included.
//! verdict: pass
use std::fs::{self, File};
fn main() {
    let secret = std::env::args().nth(1).unwrap();
    let itself = std::env::current_exe().unwrap();
    let itself = itself.to_str().unwrap();
    for path in [secret.as_str(), itself, "/usr/bin/true", "/bin/sh", "/etc/ld.so.cache", "/dev/shm/../sda"] {
        if File::options().write(true).open(path).is_ok() || File::options().append(true).open(path).is_ok() {
            println!("escaped: opens {path} for writing");
        }
        if fs::remove_file(path).is_ok() || fs::rename(path, "/tmp/mine").is_ok() {
            println!("escaped: removes {path}");
        }
        if fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).is_ok() {
            println!("escaped: changes the permissions of {path}");
        }
        if fs::hard_link(path, std::env::temp_dir().join("link")).is_ok() {
            println!("escaped: links {path}");
        }
    }
    for path in ["/usr/new", "/new", "/etc/new", "/dev/new", "/proc/new", "/root/new"] {
        if File::create(path).is_ok() || fs::create_dir(path).is_ok() {
            println!("escaped: makes {path}");
        }
    }
    // Where it has a /tmp of its own this makes a file that nobody outside will see.
    let _ = File::create(format!("{secret}.new"));
}
