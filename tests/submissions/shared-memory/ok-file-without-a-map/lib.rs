//! A file without a name that nobody maps: everything is pread and pwrite, under a record lock.
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::FileExt;

struct Memory {
    file: File,
    len: usize,
}
struct Guard<'a>(&'a Memory);

impl Memory {
    fn new(bytes: &[u8]) -> io::Result<Memory> {
        let fd = unsafe { libc::memfd_create(c"memory".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let file = unsafe { File::from_raw_fd(fd) };
        file.write_all_at(bytes, 0)?;
        Ok(Memory { file, len: bytes.len() })
    }
    fn fcntl(&self, kind: i32) {
        let lock = libc::flock { l_type: kind as i16, l_whence: 0, l_start: 0, l_len: 0, l_pid: 0 };
        while unsafe { libc::fcntl(self.file.as_raw_fd(), libc::F_SETLKW, &lock) } < 0 {
            assert_eq!(io::Error::last_os_error().kind(), io::ErrorKind::Interrupted);
        }
    }
    fn lock(&self) -> Guard<'_> {
        self.fcntl(libc::F_WRLCK);
        Guard(self)
    }
}
impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.fcntl(libc::F_UNLCK);
    }
}
impl Guard<'_> {
    fn read(&self, at: usize, into: &mut [u8]) {
        assert!(at + into.len() <= self.0.len, "there is no such place");
        self.0.file.read_exact_at(into, at as u64).expect("memory can be read");
    }
    fn write(&self, at: usize, from: &[u8]) {
        assert!(at + from.len() <= self.0.len, "there is no such place");
        self.0.file.write_all_at(from, at as u64).expect("memory can be written");
    }
}

pub struct SharedBytes(Memory);
impl SharedBytes {
    pub fn new(bytes: &[u8]) -> io::Result<SharedBytes> {
        Ok(SharedBytes(Memory::new(bytes)?))
    }
    pub fn get(&self, index: usize) -> u8 {
        let mut b = [0];
        self.0.lock().read(index, &mut b);
        b[0]
    }
    pub fn set(&self, index: usize, byte: u8) {
        self.0.lock().write(index, &[byte]);
    }
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = vec![0; self.0.len];
        self.0.lock().read(0, &mut all);
        all
    }
}
pub struct SharedNumber(Memory);
impl SharedNumber {
    pub fn new(number: f64) -> io::Result<SharedNumber> {
        Ok(SharedNumber(Memory::new(&number.to_ne_bytes())?))
    }
    pub fn get(&self) -> f64 {
        let mut b = [0; 8];
        self.0.lock().read(0, &mut b);
        f64::from_ne_bytes(b)
    }
    pub fn set(&self, number: f64) {
        self.0.lock().write(0, &number.to_ne_bytes());
    }
}
pub struct SharedInts(Memory);
impl SharedInts {
    pub fn new(integers: &[i64]) -> io::Result<SharedInts> {
        let bytes: Vec<u8> = integers.iter().flat_map(|n| n.to_ne_bytes()).collect();
        Ok(SharedInts(Memory::new(&bytes)?))
    }
    pub fn get(&self, index: usize) -> i64 {
        let mut b = [0; 8];
        self.0.lock().read(index * 8, &mut b);
        i64::from_ne_bytes(b)
    }
    pub fn set(&self, index: usize, integer: i64) {
        self.0.lock().write(index * 8, &integer.to_ne_bytes());
    }
    pub fn update(&self, index: usize, next: impl Fn(i64) -> i64) {
        let guard = self.0.lock();
        let mut b = [0; 8];
        guard.read(index * 8, &mut b);
        guard.write(index * 8, &next(i64::from_ne_bytes(b)).to_ne_bytes());
    }
    pub fn to_vec(&self) -> Vec<i64> {
        let mut all = vec![0; self.0.len];
        self.0.lock().read(0, &mut all);
        all.chunks_exact(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap())).collect()
    }
}
