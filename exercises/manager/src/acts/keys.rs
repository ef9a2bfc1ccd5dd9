//! Keys, right and wrong.

use std::io;

use manager::Client;
use stage::event;

use crate::Place;

/// Tries keys that are not the key, then the key.
pub fn keys(place: &Place<'_>, wrong: &str) -> io::Result<()> {
    let longer = [place.key, b"!"].concat();
    let blank = [place.key, b" "].concat();
    let line = [place.key, b"\n"].concat();
    let zero = [place.key, b"\0"].concat();
    let capital = place.key.to_ascii_uppercase();
    let wrong = [wrong.as_bytes(), b"\xff"].concat();
    let other = [&place.key[..place.key.len() - 1], b"\xfe"].concat();
    let tries: [&[u8]; 10] =
        [&wrong, b"", &longer, &blank, &line, &zero, &capital, &other, &place.key[1..], place.key];
    for key in tries {
        let how = match Client::connect(place.path, key).map(|mut client| client.set("key", 1.0)) {
            Ok(Ok(())) => "accepted",
            Ok(Err(_)) => "connected",
            Err(_) => "refused",
        };
        event("main", format_args!("{how} {:?}", String::from_utf8_lossy(key)));
    }
    Ok(())
}
