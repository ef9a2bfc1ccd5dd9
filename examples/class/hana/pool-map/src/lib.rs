//! 並列 map. Workers send (position, value) pairs, so the order on the wire does not matter.

use std::io::{self, BufReader, BufWriter, PipeReader, PipeWriter, Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let mut running = Vec::new();
    for worker in 0..workers {
        let (reader, writer) = io::pipe()?;
        // SAFETY: only one thread exists here.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(reader);
                let result = serve(worker, workers, chunk, input, &task, writer);
                std::process::exit(if result.is_ok() { 0 } else { 1 });
            }
            ForkResult::Parent { child } => {
                drop(writer);
                running.push((child, reader));
            }
        }
    }

    let mut output = vec![0; input.len()];
    for (_, reader) in &running {
        fill(&mut output, reader)?;
    }
    for (child, reader) in running {
        drop(reader);
        waitpid(child, None)?;
    }
    Ok(output)
}

fn serve(
    worker: usize,
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: &impl Fn(&[i64]) -> Vec<i64>,
    writer: PipeWriter,
) -> io::Result<()> {
    let mut writer = BufWriter::new(writer);
    for (index, numbers) in input.chunks(chunk).enumerate() {
        if index % workers != worker {
            continue;
        }
        for (offset, value) in task(numbers).into_iter().enumerate() {
            writer.write_all(&((index * chunk + offset) as u64).to_le_bytes())?;
            writer.write_all(&value.to_le_bytes())?;
        }
    }
    writer.flush()
}

fn fill(output: &mut [i64], reader: &PipeReader) -> io::Result<()> {
    let mut reader = BufReader::new(reader);
    let mut pair = [0; 16];
    loop {
        match reader.read_exact(&mut pair) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
        let (position, value) = pair.split_at(8);
        let position = u64::from_le_bytes(position.try_into().unwrap()) as usize;
        output[position] = i64::from_le_bytes(value.try_into().unwrap());
    }
}
