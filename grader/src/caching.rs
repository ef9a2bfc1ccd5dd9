//! What was graded before, and is not graded again.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use records::Cache;

use crate::place;

/// Which outcomes count as known.
#[derive(Debug, Args)]
pub(crate) struct Caching {
    /// Grade everything, even what was graded before
    #[arg(long, conflicts_with = "cache")]
    no_cache: bool,
    /// The folder of the cache [default: interleave/outcomes in the user's folder for caches]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl Caching {
    /// The cache that is meant; an empty one, gone at the end, if none is.
    pub(crate) fn open(&self) -> anyhow::Result<Cache> {
        let failed = "cannot make a folder for this run's outcomes; is the disk full?";
        if self.no_cache {
            return Cache::for_this_run().context(failed);
        }
        match place::cache(self.cache.as_deref()) {
            Ok(folder) => Ok(Cache::in_folder(&folder)),
            // Without a home there is nothing to keep for the next time, and no reason to stop.
            Err(_) => Cache::for_this_run().context(failed),
        }
    }
}
