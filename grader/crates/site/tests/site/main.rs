//! Pages of a class whose students attack whoever reads them.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

mod browser;
mod corpus;
mod markup;
