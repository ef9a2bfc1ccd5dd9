//! Places that there are not.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use shared_memory::{SharedBytes, SharedInts};
use stage::event;

/// Reads and writes one place after the last.
pub fn outside(count: usize) -> io::Result<()> {
    // The panics are expected; their messages would only confuse.
    set_hook(Box::new(|_| {}));
    let bytes = SharedBytes::new(&vec![b'x'; count])?;
    let integers = SharedInts::new(&vec![7; count])?;
    let tries: [(&str, &dyn Fn()); 5] = [
        ("get byte", &|| _ = bytes.get(count)),
        ("set byte", &|| bytes.set(count, 1)),
        ("get integer", &|| _ = integers.get(count)),
        ("set integer", &|| integers.set(count, 1)),
        ("update integer", &|| integers.update(count, |integer| integer + 1)),
    ];
    for (what, attempt) in tries {
        let refused = catch_unwind(AssertUnwindSafe(attempt)).is_err();
        event("main", format_args!("{what} {}", if refused { "refused" } else { "accepted" }));
    }
    if count > 0 {
        // Nobody is kept out by what was refused.
        integers.update(0, |integer| integer);
    }
    let unharmed = bytes.to_vec() == vec![b'x'; count] && integers.to_vec() == vec![7; count];
    event("main", format_args!("unharmed={unharmed}"));
    Ok(())
}
