//! Reads the memory of other processes.

use std::io::IoSliceMut;

use jail::Pid;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};

/// `length` bytes at `address`; none unless all of them can be read.
pub(crate) fn read(pid: i32, address: u64, length: usize) -> Option<Vec<u8>> {
    let bytes = read_some(pid, address, length);
    (bytes.len() == length).then_some(bytes)
}

/// The word at `address`.
pub(crate) fn word(pid: i32, address: u64) -> Option<u64> {
    read(pid, address, 8)?.try_into().ok().map(u64::from_le_bytes)
}

/// Up to `length` bytes at `address`, as many as can be read.
pub(crate) fn read_some(pid: i32, address: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let Ok(base) = usize::try_from(address) else { return Vec::new() };
    let remote = [RemoteIoVec { base, len: length }];
    let read = process_vm_readv(Pid::from_raw(pid), &mut [IoSliceMut::new(&mut bytes)], &remote);
    bytes.truncate(read.unwrap_or(0));
    bytes
}
