use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use course::Bytes;
use records::Cache;

use crate::exit::Exit;
use crate::place;

/// Look after the cache of outcomes
///
/// What became of a submission is stored under a digest of its files, the lesson with its
/// tests, the compiler, the grader, the limits and the walls: the same is not graded twice.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say where it is and how much it holds
    Show(Where),
    /// Remove everything from it
    Clear(Where),
    Prune(PruneArguments),
}

#[derive(Debug, Args)]
pub(crate) struct Where {
    /// The folder of the cache [default: interleave/outcomes in the user's folder for caches]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

/// Remove what was not used for long
#[derive(Debug, Args)]
pub(crate) struct PruneArguments {
    #[command(flatten)]
    place: Where,
    /// Keep what was used in so many days
    #[arg(long, value_name = "DAYS", default_value_t = 30)]
    days: u64,
    /// Keep so much at most, what was used last
    #[arg(long, value_name = "SIZE", default_value = "2GiB")]
    size: Bytes,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<Exit> {
    let (place, bounds) = match command {
        Command::Show(place) => (place, None),
        Command::Clear(place) => (place, Some((Duration::ZERO, 0))),
        Command::Prune(arguments) => {
            let age = Duration::from_secs(arguments.days.saturating_mul(86_400));
            (&arguments.place, Some((age, arguments.size.0)))
        }
    };
    let folder = place::cache(place.cache.as_deref())?;
    let cache = Cache::in_folder(&folder);
    let failed = || format!("cannot look through the cache {}", folder.display());
    let (extent, what) = match bounds {
        None => (cache.extent().with_context(failed)?, "holds"),
        Some((age, bytes)) => (cache.prune(age, bytes).with_context(failed)?, "gave up"),
    };
    let entries = if extent.entries == 1 { "outcome" } else { "outcomes" };
    let mebibytes = extent.bytes as f64 / f64::from(1 << 20);
    println!("{} {what} {} {entries}, {mebibytes:.1} MiB", folder.display(), extent.entries);
    Ok(Exit::Done)
}
