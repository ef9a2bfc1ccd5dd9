use std::io::{self, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn send(to: &mut impl Write, list: &[i64]) -> io::Result<()> {
    to.write_all(&(list.len() as u64).to_le_bytes())?;
    let bytes: Vec<u8> = list.iter().copied().flat_map(i64::to_le_bytes).collect();
    to.write_all(&bytes)
}

pub fn receive(from: &mut impl Read) -> io::Result<Option<Vec<i64>>> {
    let mut head = [0u8; 8];
    if from.read(&mut head[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[1..])?;
    let count = u64::from_le_bytes(head);
    let mut bytes = Vec::new();
    if count <= 1024 {
        bytes.resize(count as usize * 8, 0);
        from.read_exact(&mut bytes)?;
    } else {
        // do not make room for what may never come
        from.by_ref().take(count * 8).read_to_end(&mut bytes)?;
    }
    Ok(Some(
        bytes.chunks_exact(8).map(|chunk| i64::from_le_bytes(chunk.try_into().unwrap())).collect(),
    ))
}

pub fn gather(children: usize, work: impl Fn(usize) -> Vec<i64>) -> io::Result<Vec<Vec<i64>>> {
    let mut family = Vec::with_capacity(children);
    for number in 1..=children {
        let (reader, mut writer) = io::pipe()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let list = work(number);
                std::process::exit(if send(&mut writer, &list).is_ok() { 0 } else { 1 })
            }
            ForkResult::Parent { child } => {
                drop(writer);
                family.push((child, reader));
            }
        }
    }
    let mut lists = Vec::new();
    for (_, reader) in &mut family {
        while let Some(list) = receive(reader)? {
            lists.push(list);
        }
    }
    for (child, _) in family {
        waitpid(child, None)?;
    }
    Ok(lists)
}
