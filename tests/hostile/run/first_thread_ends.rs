//! Ends its first thread alone; the process goes on in another, behind a first one that is dead.
//! verdict: leak
unsafe extern "C" { fn syscall(number: i64, ...) -> i64; fn fork() -> i32; fn pause() -> i32; }
#[cfg(target_arch = "x86_64")]
const EXIT: i64 = 60;
#[cfg(target_arch = "aarch64")]
const EXIT: i64 = 93;
fn main() {
    std::thread::spawn(|| {
        let end = std::time::Instant::now() + std::time::Duration::from_millis(30);
        while std::time::Instant::now() < end {}
        if unsafe { fork() } == 0 {
            loop {
                unsafe { pause() };
            }
        }
        println!("from the other thread");
        std::process::exit(0);
    });
    unsafe { syscall(EXIT, 0) };
}
