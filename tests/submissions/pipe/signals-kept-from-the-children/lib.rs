use std::io::{self, PipeReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    let mut bytes = (list.len() as u64).to_le_bytes().to_vec();
    for n in list {
        bytes.extend(n.to_le_bytes());
    }
    to.write_all(&bytes)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut length = [0u8; 8];
    loop {
        match from.read(&mut length[..1]) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    from.read_exact(&mut length[1..])?;
    let mut list = Vec::new();
    for _ in 0..u64::from_le_bytes(length) {
        let mut n = [0; 8];
        from.read_exact(&mut n)?;
        list.push(i64::from_le_bytes(n));
    }
    Ok(Some(list))
}

fn start(number: usize, work: &impl Fn(usize) -> Vec<i64>) -> io::Result<(Pid, PipeReader)> {
    let (reader, mut writer) = io::pipe()?;
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(reader);
            let ok = catch_unwind(AssertUnwindSafe(|| send(&mut writer, &work(number))));
            std::process::exit(if matches!(ok, Ok(Ok(()))) { 0 } else { 1 })
        }
        ForkResult::Parent { child } => Ok((child, reader)),
    }
}

fn gather_undisturbed(
    children: usize,
    work: impl Fn(usize) -> Vec<i64>,
) -> io::Result<Vec<Vec<i64>>> {
    let mut started = Vec::new();
    for number in 1..=children {
        match start(number, &work) {
            Ok(child) => started.push(child),
            Err(e) => {
                for (pid, _) in &started {
                    let _ = kill(*pid, Signal::SIGKILL);
                    waitpid(*pid, None)?;
                }
                return Err(e);
            }
        }
    }
    let mut lists = Vec::new();
    let mut pids = Vec::new();
    for (pid, mut reader) in started {
        if let Ok(Some(list)) = receive(&mut reader) {
            lists.push(list);
        }
        pids.push(pid);
    }
    for pid in pids {
        waitpid(pid, None)?;
    }
    Ok(lists)
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    // No EINTR anywhere: whatever comes has to wait until we are done.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let result = gather_undisturbed(children, work);
    before.thread_set_mask()?;
    result
}
