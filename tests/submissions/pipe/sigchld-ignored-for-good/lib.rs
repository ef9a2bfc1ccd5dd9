use std::io::{self, ErrorKind, Read, Write};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut message = (list.len() as u64).to_ne_bytes().to_vec();
    for number in list {
        message.extend(number.to_ne_bytes());
    }
    to.write_all(&message)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut head = [0u8; 8];
    let mut n = 0;
    while n == 0 {
        n = match from.read(&mut head) {
            Ok(0) => return Ok(None),
            Ok(n) => n,
            Err(e) if e.kind() == ErrorKind::Interrupted => 0,
            Err(e) => return Err(e),
        };
    }
    from.read_exact(&mut head[n..])?;
    let mut list = vec![];
    for _ in 0..u64::from_ne_bytes(head) {
        let mut b = [0u8; 8];
        from.read_exact(&mut b)?;
        list.push(i64::from_ne_bytes(b));
    }
    Ok(Some(list))
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    // The kernel is to bury the children itself: no zombies.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };

    let mut pids: Vec<i32> = vec![];
    let mut readers: Vec<io::PipeReader> = vec![];
    let mut failed: Option<io::Error> = None;
    for number in 1..=children {
        let (reader, mut writer) = match io::pipe() {
            Ok(both) => both,
            Err(e) => {
                failed = Some(e);
                break;
            }
        };
        let pid = unsafe { libc::fork() };
        if pid < 0 {
            failed = Some(io::Error::last_os_error());
            break;
        }
        if pid == 0 {
            drop(reader);
            drop(std::mem::take(&mut readers));
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let list = work(number);
                let _ = send(&mut writer, &list);
            }));
            unsafe { libc::_exit(result.is_err() as i32) }
        }
        pids.push(pid);
        readers.push(reader);
    }
    let mut lists = vec![];
    if failed.is_none() {
        for mut reader in readers {
            match receive(&mut reader) {
                Ok(Some(list)) => lists.push(list),
                Ok(None) => {}
                Err(e) => failed = Some(e),
            }
        }
    }
    if failed.is_some() {
        for pid in &pids {
            unsafe { libc::kill(*pid, libc::SIGKILL) };
        }
    }
    // Wait until they are really gone (ECHILD).
    for pid in pids {
        loop {
            let r = unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
            if r < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) {
                continue;
            }
            break;
        }
    }
    match failed {
        Some(e) => Err(e),
        None => Ok(lists),
    }
}
