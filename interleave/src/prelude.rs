//! [`std::prelude`] with the model's macros and its `#[test]`.

macro_rules! preludes {
    ($($edition:ident)*) => {
        $(
            #[doc = concat!("[`std::prelude::", stringify!($edition), "`] under the explorer.")]
            pub mod $edition {
                pub use std::prelude::$edition::*;

                pub use crate::{
                    dbg, eprint, eprintln, print, println, test, thread_local,
                };
            }
        )*
    };
}

preludes! { v1 rust_2015 rust_2018 rust_2021 rust_2024 }
