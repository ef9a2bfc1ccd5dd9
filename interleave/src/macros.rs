//! The macros that print, and `thread_local!`.

use std::fmt;

use crate::engine::run::short;
use crate::io::{Stream, print};

/// Prints to the schedule's own output.
#[doc(hidden)]
#[track_caller]
pub fn __print(arguments: fmt::Arguments<'_>, newline: bool, error: bool) {
    let mut text = arguments.to_string();
    if newline {
        text.push('\n');
    }
    let stream = if error { Stream::Error } else { Stream::Output };
    print(&text, stream, std::panic::Location::caller());
}

/// As `std::dbg!`, for one value.
#[doc(hidden)]
#[track_caller]
pub fn __debug(expression: &str, value: &dyn fmt::Debug) {
    let at = short(std::panic::Location::caller());
    __print(format_args!("[{at}] {expression} = {value:#?}"), true, true);
}

/// [`std::println!`] under the explorer.
#[macro_export]
macro_rules! println {
    () => { $crate::__print(::core::format_args!(""), true, false) };
    ($($argument:tt)*) => { $crate::__print(::core::format_args!($($argument)*), true, false) };
}

/// [`std::print!`] under the explorer.
#[macro_export]
macro_rules! print {
    ($($argument:tt)*) => { $crate::__print(::core::format_args!($($argument)*), false, false) };
}

/// [`std::eprintln!`] under the explorer.
#[macro_export]
macro_rules! eprintln {
    () => { $crate::__print(::core::format_args!(""), true, true) };
    ($($argument:tt)*) => { $crate::__print(::core::format_args!($($argument)*), true, true) };
}

/// [`std::eprint!`] under the explorer.
#[macro_export]
macro_rules! eprint {
    ($($argument:tt)*) => { $crate::__print(::core::format_args!($($argument)*), false, true) };
}

/// [`std::dbg!`] under the explorer.
#[macro_export]
macro_rules! dbg {
    () => { $crate::eprintln!("[{}:{}]", ::core::file!(), ::core::line!()) };
    ($value:expr $(,)?) => {
        match $value {
            value => {
                $crate::__debug(::core::stringify!($value), &value);
                value
            }
        }
    };
    ($($value:expr),+ $(,)?) => { ($($crate::dbg!($value)),+,) };
}

/// [`std::thread_local!`] under the explorer.
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = const $value:block
        $(; $($rest:tt)*)?) => {
        $(#[$attribute])*
        $visibility static $name: $crate::thread::LocalKey<$type> =
            $crate::thread::LocalKey::__new(|| $value);
        $($crate::thread_local!($($rest)*);)?
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $value:expr
        $(; $($rest:tt)*)?) => {
        $(#[$attribute])*
        $visibility static $name: $crate::thread::LocalKey<$type> =
            $crate::thread::LocalKey::__new(|| $value);
        $($crate::thread_local!($($rest)*);)?
    };
}
