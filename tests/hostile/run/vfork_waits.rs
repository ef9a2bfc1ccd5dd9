//! Has a child that borrows its memory and never gives it back, so that it cannot even be signalled.
//! verdict: timeout
//! wall: 300
unsafe extern "C" { fn vfork() -> i32; fn pause() -> i32; }
fn main() {
    if unsafe { vfork() } == 0 {
        loop {
            unsafe { pause() };
        }
    }
}
