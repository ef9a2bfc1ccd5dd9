//! Many at once, and what is easily mistaken.

use std::io;
use std::os::unix::net::UnixStream;

use stage::event;

use crate::Place;

/// Many clients are there at once, and silent strangers; one sets and pushes what is easily
/// mistaken, another looks for it.
pub fn odd(place: &Place<'_>, count: usize) -> io::Result<()> {
    let _strangers =
        (0..30).map(|_| UnixStream::connect(place.path)).collect::<io::Result<Vec<_>>>()?;
    let mut crowd = (1..100).map(|_| place.connect()).collect::<io::Result<Vec<_>>>()?;
    let hundred = "x".repeat(100);
    let names = [
        "",
        " ",
        "pi",
        " pi",
        "pi ",
        "Pi",
        "pi\n",
        "\npi",
        "pi\0",
        "pi\0x",
        "pi 3\nset pi 4",
        "圆周率",
        &hundred[1..],
        &hundred,
    ];
    let values = [f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, f64::NAN, -0.0, 0.1, -1e-7];
    let value = |place: usize| values[place % values.len()] / (place + 1) as f64;
    let extremes = [i64::MIN, -1, i64::MAX, 0, 1 << 53, (1 << 53) + 1];
    let items: Vec<_> = extremes.into_iter().chain((0..).take(count)).collect();
    for (client, item) in (0..crowd.len()).cycle().zip(&items) {
        crowd[client].push(*item)?;
    }
    for (index, name) in names.into_iter().enumerate() {
        crowd[0].set(name, value(index))?;
    }
    let mut other = place.connect()?;
    for (index, name) in names.into_iter().enumerate() {
        let (wanted, found) = (value(index), other.get(name)?);
        let same =
            |found: f64| found.to_bits() == wanted.to_bits() || found.is_nan() && wanted.is_nan();
        let right = found.is_some_and(same);
        event(
            "other",
            format_args!("name {name:?}={wanted:?} {}", if right { "right" } else { "wrong" }),
        );
    }
    let refused = other.replace(items.len(), 1).is_err();
    event("other", format_args!("behind the last refused={refused}"));
    event("other", format_args!("list right={}", other.list()? == items));
    Ok(())
}
