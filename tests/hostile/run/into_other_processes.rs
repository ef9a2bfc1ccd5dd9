//! Tries to trace its ancestors and to read their memory.
//! verdict: pass
unsafe extern "C" { fn ptrace(request: i64, pid: i32, address: usize, data: usize) -> i64; fn process_vm_readv(pid: i32, to: *const usize, n: usize, from: *const usize, m: usize, flags: usize) -> isize; fn getppid() -> i32; }
fn main() {
    let (attach, seize) = (16, 0x4206);
    let mut byte = 0u8;
    let to = [(&raw mut byte) as usize, 1];
    for pid in [1, unsafe { getppid() }, std::process::id() as i32] {
        for request in [attach, seize] {
            if unsafe { ptrace(request, pid, 0, 0) } == 0 {
                println!("escaped: traces {pid}");
            }
        }
        if unsafe { process_vm_readv(pid, to.as_ptr(), 1, to.as_ptr(), 1, 0) } >= 0 {
            println!("escaped: reads the memory of {pid}");
        }
        if pid != std::process::id() as i32 && std::fs::File::open(format!("/proc/{pid}/mem")).is_ok() {
            println!("escaped: opens the memory of {pid}");
        }
    }
}
