//! Writes beside each other, and writes of which half might be seen.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use shared_memory::{SharedBytes, SharedInts, SharedNumber};
use stage::{Meeting, event};

use crate::{start, wait_for};

/// So long at least do two processes disturb each other.
const LONG: Duration = Duration::from_millis(10);

/// And so long at most.
const VERY_LONG: Duration = Duration::from_millis(500);

/// Numbers of rounds: so many, and more while there is time.
fn at_least(rounds: usize) -> impl Iterator<Item = usize> {
    let begin = Instant::now();
    (0..).take_while(move |&round| round < rounds || begin.elapsed() < LONG)
}

/// A child sets a byte again and again, its parent now and then the one beside it. The parent
/// wakes up at any moment of what the child does, and looks later whether its byte is still there.
pub fn write_side_by_side(rounds: usize) -> io::Result<()> {
    let bytes = SharedBytes::new(&[0; 4])?;
    let begin = Instant::now();
    let child = start(|| {
        while begin.elapsed() < VERY_LONG {
            (0..=255).for_each(|byte| bytes.set(1, byte));
        }
        Ok(())
    })?;
    let lost = |round: &usize| {
        let byte = *round as u8;
        bytes.set(2, byte);
        thread::sleep(Duration::from_micros(50));
        bytes.get(2) != byte
    };
    let lost = (0..rounds).take_while(|_| begin.elapsed() < VERY_LONG).filter(lost).count();
    event("main", format_args!("lost={lost}"));
    kill(child, Signal::SIGKILL)?;
    waitpid(child, None)?;
    Ok(())
}

/// A child sets now one number, now another, whose bytes are others; its parent looks. The same with
/// the last of eight integers.
pub fn half_a_number(rounds: usize) -> io::Result<()> {
    let numbers = [f64::from_bits(0x1111_1111_1111_1111), f64::from_bits(0x2222_2222_2222_2222)];
    let number = SharedNumber::new(numbers[0])?;
    let bits = numbers.map(|number| number.to_bits() as i64);
    let integers = SharedInts::new(&[bits[0]; 8])?;
    let ready = Meeting::new(2)?;
    let child = start(|| {
        ready.meet()?;
        at_least(rounds).for_each(|round| number.set(numbers[round % 2]));
        ready.meet()?;
        at_least(rounds).for_each(|round| integers.set(7, bits[round % 2]));
        Ok(())
    })?;
    ready.meet()?;
    let halves = at_least(rounds).filter(|_| !numbers.contains(&number.get())).count();
    ready.meet()?;
    let halves_of_integers = at_least(rounds).filter(|_| !bits.contains(&integers.get(7))).count();
    wait_for(child)?;
    event("main", format_args!("halves={halves} of-integers={halves_of_integers}"));
    Ok(())
}
