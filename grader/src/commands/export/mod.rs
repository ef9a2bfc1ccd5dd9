mod archive;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;
use course::{Course, LessonId};
use engine::Workshop;
use engine::bundle::Bundle;
use platforms::Platform;
use platforms::package::{self, Facts, File, Packed};

use crate::exit::Exit;
use crate::place;
use crate::progress::Progress;

/// Make what a learning-management system takes, so that lessons are graded there
///
/// It holds the grader, the tests and the libraries, all built; docs/platforms/ says for each platform
/// how it is uploaded, which limits to raise, and what is protected there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader export --list
  grader export gradescope --lesson lock
  grader export prairielearn --lesson lock --lesson semaphore --to week3 --limit 120")]
pub(crate) struct Arguments {
    /// Where the lessons are to be graded; `--list` shows what there is
    #[arg(required_unless_present = "list")]
    platform: Option<Platform>,
    /// Show the platforms
    #[arg(long)]
    list: bool,
    /// A lesson to export; may be given several times
    #[arg(long = "lesson", value_name = "LESSON", required_unless_present = "list")]
    lessons: Vec<String>,
    /// A folder that is made [default: export/<platform>]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Seconds after which the platform ends a run [default: the platform's]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(5..))]
    limit: Option<u64>,
    /// The folder of the course [default: the nearest with a course.yaml, from here upwards]
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let platform = match arguments.platform {
        Some(platform) if !arguments.list => platform,
        _ => {
            print!("{}", list());
            return Ok(Exit::Done);
        }
    };
    let (root, course) = place::course(arguments.course.as_deref())?;
    let lessons = chosen(&course, &arguments.lessons)?;
    let to = arguments.to.clone().unwrap_or_else(|| Path::new("export").join(platform.as_str()));
    make(&to)?;
    Progress::say("building the lessons' tests");
    // Nothing of a student's is run here, so whichever walls there are will do.
    let workshop = Workshop::set_up(&root, course, &lessons, place::jail(true)?, Progress::say)?;
    let layout = platform.layout();
    let bundle = to.join(layout.bundle);
    make(&bundle)?;
    Bundle::pack(&workshop, &root, &bundle)?;
    pack_grader(&bundle.join("grader"))?;
    let mut facts = Facts {
        toolchain: workshop.toolchain().version().to_owned(),
        glibc: glibc(&bundle)?,
        limit: arguments.limit.unwrap_or_else(|| platform.limit()),
        sha256: String::new(),
    };
    let packed = packed(&workshop, &root, &lessons)?;
    write(&bundle, package::common(&facts, &packed))?;
    if let Some((folder, form)) = layout.archive {
        // What is to be packed has to be there before, and only a few files name its digest.
        let inside = |file: &File| file.path.starts_with(&format!("{folder}/"));
        let files = package::render(platform, &facts, &packed);
        write(&to, files.into_iter().filter(inside).collect())?;
        facts.sha256 = archive::pack(&to.join(folder), form)?;
        let files = package::render(platform, &facts, &packed);
        write(&to, files.into_iter().filter(|file| !inside(file)).collect())?;
    } else {
        write(&to, package::render(platform, &facts, &packed))?;
    }
    println!("{}: {}", to.display(), platform.describe());
    println!("next: docs/platforms/{platform}.md says where it goes and which limits to set");
    println!("needs there: glibc {} or newer, `{}`", facts.glibc, facts.toolchain);
    Ok(Exit::Done)
}

/// Copies this program to `to`, without what only a debugger reads, if `strip` is here to take it away.
fn pack_grader(to: &Path) -> anyhow::Result<()> {
    let executable = std::env::current_exe().context("cannot find the grader's own executable")?;
    let mut strip = Command::new("strip");
    strip.args(["--strip-debug", "-o"]).args([to, &executable]);
    if !strip.output().is_ok_and(|done| done.status.success()) {
        fs::copy(&executable, to).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}

fn list() -> String {
    let line = |platform: Platform| format!("{platform:<16}{}\n", platform.describe());
    Platform::ALL.into_iter().map(line).collect()
}

fn chosen(course: &Course, names: &[String]) -> anyhow::Result<Vec<LessonId>> {
    Ok(intake::choose(course, names)?.into_iter().map(|lesson| lesson.id.clone()).collect())
}

/// Makes a new folder; one that holds something may be an export that is in use.
fn make(folder: &Path) -> anyhow::Result<()> {
    let failed = || format!("cannot make the folder {}", folder.display());
    fs::create_dir_all(folder).with_context(failed)?;
    if fs::read_dir(folder).with_context(failed)?.next().is_some() {
        bail!("{} is not empty; remove it, or name another folder with --to", folder.display());
    }
    Ok(())
}

fn packed<'a>(
    workshop: &'a Workshop,
    root: &Path,
    lessons: &[LessonId],
) -> anyhow::Result<Vec<Packed<'a>>> {
    let of = |id: &LessonId| {
        let stub = root.join("exercises").join(id.as_str()).join("src/lib.rs");
        let read = fs::read_to_string(&stub);
        let stub = read.with_context(|| format!("cannot read {}", stub.display()))?;
        Ok(Packed { lesson: workshop.lesson(id), stub })
    };
    lessons.iter().map(of).collect()
}

fn write(folder: &Path, files: Vec<File>) -> anyhow::Result<()> {
    for file in files {
        let path = folder.join(&file.path);
        let failed = || format!("cannot write {}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(folder)).with_context(failed)?;
        fs::write(&path, &file.text).with_context(failed)?;
        let mode = if file.executable { 0o755 } else { 0o644 };
        fs::set_permissions(&path, Permissions::from_mode(mode)).with_context(failed)?;
    }
    Ok(())
}

/// The newest version of the C library that a program in `bundle` asks for.
fn glibc(bundle: &Path) -> anyhow::Result<String> {
    let mut newest = (2, 17);
    let mut programs = vec![bundle.join("grader")];
    if let Ok(tests) = fs::read_dir(bundle.join("tests")) {
        programs.extend(tests.flatten().map(|entry| entry.path()));
    }
    for program in programs {
        let failed = || format!("cannot read {}", program.display());
        newest = newest.max(asked_for(&fs::read(&program).with_context(failed)?));
    }
    Ok(format!("{}.{}", newest.0, newest.1))
}

/// The versions stand in a program's table of strings, as `GLIBC_2.34`.
fn asked_for(program: &[u8]) -> (u32, u32) {
    const PREFIX: &[u8] = b"\0GLIBC_";
    let mut newest = (0, 0);
    for (at, _) in program.windows(PREFIX.len()).enumerate().filter(|(_, text)| *text == PREFIX) {
        let rest = &program[at + PREFIX.len()..];
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
        let text = String::from_utf8_lossy(&rest[..end.min(16)]).into_owned();
        let mut numbers = text.split('.').map(|number| number.parse::<u32>());
        if let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) {
            newest = newest.max((major, minor));
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_that_a_program_asks_for_counts() {
        assert_eq!(asked_for(b"x\0GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.2.5\0GLIBC_PRIVATE\0y"), (2, 34));
        assert_eq!(asked_for(b"nothing"), (0, 0));
    }
}
