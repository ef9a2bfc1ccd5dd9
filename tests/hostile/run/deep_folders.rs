//! Makes folders in folders, more deeply than any path can say.
//! verdict: pass
use std::ffi::CStr;
unsafe extern "C" { fn mkdir(path: *const i8, mode: u32) -> i32; fn chdir(path: *const i8) -> i32; }
fn main() {
    std::env::set_current_dir(std::env::temp_dir()).unwrap();
    let name: &CStr = c"folder";
    for _ in 0..1500 {
        if unsafe { mkdir(name.as_ptr().cast(), 0o700) != 0 || chdir(name.as_ptr().cast()) != 0 } {
            break;
        }
    }
}
