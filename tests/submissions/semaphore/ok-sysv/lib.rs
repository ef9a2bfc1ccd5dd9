//! A System V semaphore that its maker removes.

use std::io;
pub struct Semaphore {
    id: libc::c_int,
    owner: u32,
}
fn check(n: libc::c_int) -> io::Result<libc::c_int> {
    if n < 0 { Err(io::Error::last_os_error()) } else { Ok(n) }
}
impl Semaphore {
    pub fn new(permits: usize) -> io::Result<Semaphore> {
        let id = check(unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) })?;
        check(unsafe { libc::semctl(id, 0, libc::SETVAL, permits as libc::c_int) })?;
        Ok(Semaphore { id, owner: std::process::id() })
    }
    fn op(&self, by: i16) -> io::Result<()> {
        let mut op = libc::sembuf { sem_num: 0, sem_op: by, sem_flg: 0 };
        loop {
            match check(unsafe { libc::semop(self.id, &mut op, 1) }) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                done => return done.map(drop),
            }
        }
    }
    pub fn acquire(&self) -> io::Result<()> {
        self.op(-1)
    }
    pub fn release(&self) -> io::Result<()> {
        self.op(1)
    }
    pub fn value(&self) -> io::Result<usize> {
        check(unsafe { libc::semctl(self.id, 0, libc::GETVAL) }).map(|n| n as usize)
    }
}
impl Drop for Semaphore {
    fn drop(&mut self) {
        if std::process::id() == self.owner {
            unsafe { libc::semctl(self.id, 0, libc::IPC_RMID) };
        }
    }
}

struct Permit<'a>(&'a Semaphore);
impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let _ = self.0.release();
    }
}
pub fn with_permit<T>(semaphore: &Semaphore, job: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    semaphore.acquire()?;
    let _permit = Permit(semaphore);
    job()
}
