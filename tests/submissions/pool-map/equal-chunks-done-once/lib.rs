//! A worker remembers the results of each chunk.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    // workers draw chunks with fetch_add
    let page = NonZeroUsize::new(4096).unwrap();
    let memory = unsafe {
        mmap_anonymous(
            None,
            page,
            ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
            MapFlags::MAP_SHARED,
        )
    }?;
    let next = unsafe { memory.cast::<AtomicUsize>().as_ref() };
    let (mut reader, writer) = io::pipe()?;
    let mut pids = vec![];
    for _ in 0..workers {
        let ours = reader.try_clone()?;
        match unsafe { fork() }? {
            ForkResult::Parent { child } => {
                drop(ours);
                pids.push(child);
            }
            ForkResult::Child => {
                drop((ours, reader));
                let mut writer = &writer;
                // equal chunks have equal results
                let mut cache: HashMap<&[i64], Vec<i64>> = HashMap::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(part) = input.chunks(chunk).nth(index) else { break };
                    let results = cache.entry(part).or_insert_with(|| task(part));
                    // in pieces of at most PIPE_BUF bytes: place, count, up to 500 numbers
                    for (number, piece) in results.chunks(500).enumerate() {
                        let place = (index * chunk + number * 500) as i64;
                        let message: Vec<u8> = [place, piece.len() as i64]
                            .iter()
                            .chain(piece)
                            .flat_map(|n| n.to_ne_bytes())
                            .collect();
                        if writer.write_all(&message).is_err() {
                            std::process::exit(1);
                        }
                    }
                }
                std::process::exit(0);
            }
        }
    }
    drop(writer);
    let mut results = vec![0; input.len()];
    let mut left = input.len();
    while left > 0 {
        let mut head = [0; 16];
        reader.read_exact(&mut head)?;
        let place = i64::from_ne_bytes(head[..8].try_into().unwrap()) as usize;
        let count = i64::from_ne_bytes(head[8..].try_into().unwrap()) as usize;
        let mut body = vec![0; 8 * count];
        reader.read_exact(&mut body)?;
        for (result, bytes) in results[place..place + count].iter_mut().zip(body.chunks(8)) {
            *result = i64::from_ne_bytes(bytes.try_into().unwrap());
        }
        left -= count;
    }
    for pid in pids {
        while waitpid(pid, None) == Err(Errno::EINTR) {}
    }
    unsafe { munmap(memory, 4096) }?;
    Ok(results)
}
