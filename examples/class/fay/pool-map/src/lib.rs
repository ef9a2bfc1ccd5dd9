// Fay, exercise 2

use std::io::{self, Read, Write};
use std::process::exit;

use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};

pub fn pool_map(
    workers: usize,
    chunk: usize,
    input: &[i64],
    task: impl Fn(&[i64]) -> Vec<i64>,
) -> io::Result<Vec<i64>> {
    let mut readers = Vec::new();

    for number in 0..workers {
        let (reader, mut writer) = io::pipe()?;
        match unsafe { fork()? } {
            ForkResult::Child => {
                let mut index = number;
                while index * chunk < input.len() {
                    let start = index * chunk;
                    let end = usize::min(start + chunk, input.len());
                    for result in task(&input[start..end]) {
                        writer.write_all(&result.to_be_bytes()).expect("write");
                    }
                    index += workers;
                }
                exit(0);
            }
            ForkResult::Parent { .. } => readers.push(reader),
        }
    }

    // everybody has to be done before we look at the results
    for _ in 0..workers {
        wait()?;
    }

    let mut output = Vec::with_capacity(input.len());
    while output.len() < input.len() {
        let reader = &mut readers[(output.len() / chunk) % workers];
        for _ in 0..chunk.min(input.len() - output.len()) {
            let mut bytes = [0; 8];
            reader.read_exact(&mut bytes)?;
            output.push(i64::from_be_bytes(bytes));
        }
    }
    Ok(output)
}
