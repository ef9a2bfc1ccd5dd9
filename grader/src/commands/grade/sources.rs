//! What was handed in, taken in with words on standard error.

use std::path::Path;

use course::Course;
use intake::{Intake, Options, Roster, choose, collect};

use super::Arguments;

/// What was handed in, and what there is to say about it, on standard error.
pub(super) fn take_in(
    arguments: &Arguments,
    root: &Path,
    course: &Course,
) -> anyhow::Result<Intake> {
    let roster = arguments.roster.as_deref().map(Roster::load).transpose()?;
    let intake = collect(
        &arguments.sources,
        &Options {
            course,
            root,
            lessons: &choose(course, &arguments.lessons)?,
            layout: arguments.layout,
            maps: &arguments.maps,
            roster: roster.as_ref(),
        },
    )?;
    for taken in &intake.taken {
        let (source, layout, why) = (taken.source.display(), taken.layout, &taken.why);
        eprintln!("{source}: {layout} layout ({why})");
    }
    let found = notices(&intake);
    if !found.is_empty() {
        eprintln!("{found}");
    }
    Ok(intake)
}

/// Notices of one kind that are printed; the rest is counted.
const SHOWN: usize = 20;

fn notices(intake: &Intake) -> String {
    let mut text = String::new();
    for notices in intake.notices.chunk_by(|a, b| a.kind == b.kind) {
        text += &format!("{} ({}):\n", notices[0].kind.heading(), notices.len());
        notices.iter().take(SHOWN).for_each(|notice| text += &format!("  {notice}\n"));
        if notices.len() > SHOWN {
            text += &format!("  ... and {} more\n", notices.len() - SHOWN);
        }
    }
    text.trim_end().to_owned()
}
