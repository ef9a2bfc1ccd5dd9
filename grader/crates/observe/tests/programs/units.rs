//! Two processes that wait for each other's semaphore, in memory that they share.

use std::ffi::{c_int, c_long, c_uint, c_void};

#[repr(C)]
#[allow(non_camel_case_types)]
struct sem_t([u64; 4]);

unsafe extern "C" {
    fn mmap(at: *mut c_void, size: usize, rights: c_int, flags: c_int, file: c_int, from: c_long)
    -> *mut c_void;
    fn sem_init(semaphore: *mut sem_t, shared: c_int, units: c_uint) -> c_int;
    fn sem_wait(semaphore: *mut sem_t) -> c_int;
    fn fork() -> c_int;
    fn wait(status: *mut c_int) -> c_int;
}

fn main() {
    unsafe {
        let full = mmap(std::ptr::null_mut(), 4096, 3, 0x21, -1, 0).cast::<sem_t>();
        let empty = full.add(1);
        sem_init(full, 1, 0);
        sem_init(empty, 1, 0);
        if fork() == 0 {
            sem_wait(full);
        } else {
            sem_wait(empty);
            wait(std::ptr::null_mut());
        }
    }
}
