//! costly
//! outcome: stopped
macro_rules! a { ($($t:tt)*) => { b!($($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)*); } }
macro_rules! b { ($($t:tt)*) => { c!($($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)*); } }
macro_rules! c { ($($t:tt)*) => { d!($($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)*); } }
macro_rules! d { ($($t:tt)*) => { e!($($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)*); } }
macro_rules! e { ($($t:tt)*) => { f!($($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)*); } }
macro_rules! f { ($($t:tt)*) => { g!($($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)*); } }
macro_rules! g { ($($t:tt)*) => { h!($($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)* $($t)*); } }
macro_rules! h { ($($t:tt)*) => { const ALL: &[&str] = &[$(stringify!($t)),*]; } }
a!(ha ha ha ha ha ha ha ha);
fn main() {}
