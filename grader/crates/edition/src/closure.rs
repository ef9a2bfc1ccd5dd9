//! Which packages the exercises are built from.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use course::Course;

use crate::EditionError;

/// The packages of an edition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packages {
    /// The folders of those that exercises are built from, sorted.
    pub(crate) support: BTreeSet<PathBuf>,
    /// The names of the crates that any of them depends on, ours included.
    pub(crate) dependencies: BTreeSet<String>,
}

/// Follows the exercises' dependencies within the workspace at `root`.
pub(crate) fn of(root: &Path, course: &Course) -> Result<Packages, EditionError> {
    let metadata =
        MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec()?;
    let by_folder: BTreeMap<PathBuf, &Package> =
        metadata.packages.iter().map(|package| (folder_of(package), package)).collect();
    let mut packages = Packages::default();
    let mut todo = Vec::new();
    for lesson in course.lessons() {
        let folder = root.join("exercises").join(lesson.id.as_str());
        let package = by_folder.get(&folder);
        let package = package.ok_or_else(|| EditionError::NoPackage(lesson.id.to_string()))?;
        todo.extend(follow(package, |_| true, &mut packages));
    }
    while let Some(folder) = todo.pop() {
        if packages.support.insert(folder.clone()) {
            let package = by_folder.get(&folder);
            let package =
                package.ok_or_else(|| EditionError::NoPackage(folder.display().to_string()))?;
            // Their own tests stay behind, and so does what those need.
            let built = |kind| kind != DependencyKind::Development;
            todo.extend(follow(package, built, &mut packages));
        }
    }
    Ok(packages)
}

/// Notes the dependencies of `package` and returns the folders of those in the workspace.
fn follow(
    package: &Package,
    of_kind: impl Fn(DependencyKind) -> bool,
    packages: &mut Packages,
) -> Vec<PathBuf> {
    let chosen = package.dependencies.iter().filter(|dependency| of_kind(dependency.kind));
    let mut folders = Vec::new();
    for dependency in chosen {
        packages
            .dependencies
            .insert(dependency.rename.as_ref().unwrap_or(&dependency.name).clone());
        folders.extend(dependency.path.as_ref().map(|path| path.clone().into_std_path_buf()));
    }
    folders
}

fn folder_of(package: &Package) -> PathBuf {
    let manifest = package.manifest_path.as_std_path();
    manifest.parent().expect("a manifest is in a folder").to_owned()
}
