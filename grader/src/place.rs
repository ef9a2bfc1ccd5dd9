//! Where the course is, and how many cores there are.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use course::Course;
use engine::grade::Jail;
use keeper::{Keeper, Weak};

use crate::progress::Progress;

/// The course in `given`, or else in the nearest folder above this one.
pub(crate) fn course(given: Option<&Path>) -> anyhow::Result<(PathBuf, Course)> {
    let root = match given {
        Some(root) => root.to_owned(),
        None => nearest()?,
    };
    // Compilers run elsewhere, so every path handed to them has to be whole.
    let root = root.canonicalize().with_context(|| format!("no folder {}", root.display()))?;
    let course = course::load(&root)?;
    Ok((root, course))
}

fn nearest() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("cannot tell the current folder")?;
    match here.ancestors().find(|folder| folder.join(course::FILE).is_file()) {
        Some(root) => Ok(root.to_owned()),
        None => bail!(
            "no {} in {} or above it; name the course's folder with --course",
            course::FILE,
            here.display()
        ),
    }
}

/// The folder of the cache: the one that was named, or the user's own.
pub(crate) fn cache(given: Option<&Path>) -> anyhow::Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let whole = |path: &PathBuf| path.is_absolute();
    let own = || variable("XDG_CACHE_HOME").filter(whole);
    let home = || variable("HOME").filter(whole).map(|home| home.join(".cache"));
    let folder = || Some(own().or_else(home)?.join("interleave/outcomes"));
    given
        .map(Path::to_owned)
        .or_else(folder)
        .context("no folder for a cache; name one with --cache")
}

/// Jobs for each core.
const JOBS: NonZeroUsize = NonZeroUsize::new(2).expect("two");

/// The strongest walls that this host lets us build, proved to stand.
pub(crate) fn jail(weak: bool) -> anyhow::Result<Jail> {
    let executable = std::env::current_exe().context("cannot find the grader's own executable")?;
    let keeper = Keeper::new(executable);
    let weak = if weak { Weak::Allowed } else { Weak::Refused };
    let settled = keeper::settle(&keeper, weak)?;
    Progress::say(settled.tier.describe());
    Ok(Jail { keeper, tier: settled.tier })
}

/// The number of jobs asked for, or two for each core.
///
/// A submission is handed from process to process, and one that hangs sleeps until that is proved
/// or its bound comes: with one job for each core, cores would wait.
pub(crate) fn jobs(given: Option<NonZeroUsize>) -> NonZeroUsize {
    given.unwrap_or_else(|| cores().saturating_mul(JOBS))
}

/// How many cores this process may use.
pub(crate) fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
