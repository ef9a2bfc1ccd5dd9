//! Tries the parts of the kernel that have the most holes.
//! verdict: pass
unsafe extern "C" { fn unshare(flags: i32) -> i32; fn setns(descriptor: i32, kind: i32) -> i32; fn mount(a: *const u8, b: *const u8, c: *const u8, d: u64, e: *const u8) -> i32; fn syscall(number: i64, ...) -> i64; fn chroot(path: *const u8) -> i32; fn setuid(id: u32) -> i32; fn personality(kind: u64) -> i32; }
#[cfg(target_arch = "x86_64")]
const CALLS: [(&str, i64); 9] = [("bpf", 321), ("io_uring", 425), ("keyctl", 250), ("userfaultfd", 323), ("perf", 298), ("add_key", 248), ("fsopen", 430), ("open_tree", 428), ("pidfd_getfd", 438)];
#[cfg(target_arch = "aarch64")]
const CALLS: [(&str, i64); 9] = [("bpf", 280), ("io_uring", 425), ("keyctl", 219), ("userfaultfd", 282), ("perf", 241), ("add_key", 217), ("fsopen", 430), ("open_tree", 428), ("pidfd_getfd", 438)];
fn main() {
    unsafe {
        for flag in [0x1000_0000, 0x0002_0000, 0x4000_0000, 0x2000_0000, 0x0800_0000] {
            if unshare(flag) == 0 {
                println!("escaped: unshare {flag:#x}");
            }
        }
        let none = std::ptr::null();
        let refused = [
            ("setns", setns(0, 0)),
            ("mount", mount(c"x".as_ptr().cast(), c"/tmp".as_ptr().cast(), c"tmpfs".as_ptr().cast(), 0, none)),
            ("chroot", chroot(c"/tmp".as_ptr().cast())),
            ("setuid", setuid(0)),
            ("personality", personality(0x0040_0000)),
        ];
        for (name, result) in refused {
            if result != -1 {
                println!("escaped: {name}");
            }
        }
        for (name, number) in CALLS {
            if syscall(number, 1u64, 0u64, 0u64, 0u64, 0u64) != -1 {
                println!("escaped: {name}");
            }
        }
    }
}
