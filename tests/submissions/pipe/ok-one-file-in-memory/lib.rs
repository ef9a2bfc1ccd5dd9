//! No pipe: one file in memory for all. Each child takes a stretch of it for itself, in turn by an atomic
//! counter, writes there, and says in its slot of a shared page where and how long. Frames are lines of text.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::FromRawFd;
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// `1 -2 3` and the end of the line.
pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut line: String = list.iter().map(|n| format!("{n} ")).collect();
    line.push('\n');
    to.write_all(line.as_bytes())
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut line = Vec::new();
    for byte in from.by_ref().bytes() {
        match byte? {
            b'\n' => {
                let text =
                    str::from_utf8(&line).map_err(|e| io::Error::new(ErrorKind::InvalidData, e))?;
                return text
                    .split_ascii_whitespace()
                    .map(|word| word.parse().map_err(|e| io::Error::new(ErrorKind::InvalidData, e)))
                    .collect::<io::Result<Vec<i64>>>()
                    .map(Some);
            }
            byte => line.push(byte),
        }
    }
    if line.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

#[derive(Default)]
struct Slot {
    start: AtomicU64,
    count: AtomicU64,
    sent: AtomicBool,
    failed: AtomicBool,
}

/// Slots that all processes share; the first one's `start` is where the file is free.
struct Board {
    at: NonNull<Slot>,
    length: usize,
}

impl Board {
    fn new(length: usize) -> io::Result<Self> {
        let at = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length * size_of::<Slot>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { at: NonNull::new(at.cast()).expect("nobody maps page 0"), length })
    }

    fn slots(&self) -> &[Slot] {
        // SAFETY: zeroes are slots, and the memory lives as long as this.
        unsafe { slice::from_raw_parts(self.at.as_ptr(), self.length) }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.at.as_ptr().cast(), self.length * size_of::<Slot>()) };
    }
}

/// The children that have not been waited for. Whoever drops them ends them.
struct Brood(Vec<libc::pid_t>);

impl Brood {
    fn wait(&mut self) -> io::Result<()> {
        while let Some(&pid) = self.0.last() {
            let done = unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
            let error = io::Error::last_os_error();
            if done < 0 && error.kind() == ErrorKind::Interrupted {
                continue;
            }
            self.0.pop();
            if done < 0 {
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Drop for Brood {
    fn drop(&mut self) {
        for &pid in &self.0 {
            unsafe { libc::kill(pid, libc::SIGKILL) };
        }
        while !self.0.is_empty() {
            let _ = self.wait();
        }
    }
}

fn deliver(file: &File, tail: &AtomicU64, slot: &Slot, list: &[i64]) -> io::Result<()> {
    let bytes: Vec<u8> = list.iter().flat_map(|n| n.to_ne_bytes()).collect();
    let start = tail.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    file.write_all_at(&bytes, start)?;
    slot.start.store(start, Ordering::Relaxed);
    slot.count.store(list.len() as u64, Ordering::Relaxed);
    slot.sent.store(true, Ordering::Release);
    Ok(())
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let board = Board::new(children + 1)?;
    let slots = board.slots();
    let fd = unsafe { libc::memfd_create(c"lists".as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    let file = unsafe { File::from_raw_fd(fd) };

    let mut brood = Brood(Vec::new());
    for number in 1..=children {
        match unsafe { libc::fork() } {
            -1 => return Err(io::Error::last_os_error()),
            0 => {
                let outcome = catch_unwind(AssertUnwindSafe(|| {
                    let list = work(number);
                    if deliver(&file, &slots[0].start, &slots[number], &list).is_err() {
                        slots[number].failed.store(true, Ordering::Release);
                    }
                }));
                let _ = io::stdout().flush();
                unsafe { libc::_exit(if outcome.is_ok() { 0 } else { 101 }) }
            }
            pid => brood.0.push(pid),
        }
    }
    brood.wait()?;

    let mut lists = Vec::new();
    for slot in &slots[1..] {
        if slot.failed.load(Ordering::Acquire) {
            return Err(io::Error::other("a child could not send its list"));
        }
        if !slot.sent.load(Ordering::Acquire) {
            continue;
        }
        let mut bytes = vec![0; 8 * slot.count.load(Ordering::Relaxed) as usize];
        file.read_exact_at(&mut bytes, slot.start.load(Ordering::Relaxed))?;
        let numbers = bytes.chunks_exact(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap()));
        lists.push(numbers.collect());
    }
    Ok(lists)
}
