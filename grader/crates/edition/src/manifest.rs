//! The manifests of an edition, cut down from the course's own.

use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, TableLike, TomlError};

use crate::closure::Packages;

/// The workspace's manifest with the members, default members and dependencies of the edition.
pub(crate) fn workspace(text: &str, packages: &Packages, root: &Path) -> Result<String, TomlError> {
    let mut manifest: DocumentMut = text.parse()?;
    let mut members = Array::new();
    members.push("exercises/*");
    for folder in packages.support.iter().filter_map(|folder| folder.strip_prefix(root).ok()) {
        members.push(folder.display().to_string());
    }
    let workspace = &mut manifest["workspace"];
    workspace["members"] = members.into();
    if let Some(mut key) = workspace.as_table_mut().and_then(|table| table.key_mut("members")) {
        key.leaf_decor_mut().clear();
    }
    if let Some(workspace) = workspace.as_table_like_mut() {
        workspace.remove("default-members");
        // What the lessons stand on has lost its own tests.
        workspace.insert("default-members", toml_edit::value(Array::from_iter(["exercises/*"])));
        if let Some(table) = workspace.get_mut("dependencies").and_then(Item::as_table_like_mut) {
            keep(table, |name| packages.dependencies.contains(name));
        }
    }
    Ok(manifest.to_string())
}

/// A package's manifest without what only its own tests need.
pub(crate) fn support(text: &str) -> Result<String, TomlError> {
    let mut manifest: DocumentMut = text.parse()?;
    for part in ["dev-dependencies", "test", "bench", "example"] {
        manifest.remove(part);
    }
    Ok(manifest.to_string())
}

fn keep(table: &mut dyn TableLike, wanted: impl Fn(&str) -> bool) {
    let names: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names.iter().filter(|name| !wanted(name)) {
        table.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_members_and_dependencies_of_the_edition_remain() {
        let text = "[workspace]\nmembers = [\"a\"]\ndefault-members = [\"a\"]\n\n\
                    [workspace.dependencies]\nkit = { path = \"kit\" }\nengine = { path = \"e\" }\n";
        let packages = Packages {
            support: [Path::new("/course/kit").to_owned()].into(),
            dependencies: ["kit".to_owned()].into(),
        };
        let text = workspace(text, &packages, Path::new("/course")).unwrap();
        assert_eq!(
            text,
            "[workspace]\nmembers = [\"exercises/*\", \"kit\"]\n\
             default-members = [\"exercises/*\"]\n\n\
             [workspace.dependencies]\nkit = { path = \"kit\" }\n"
        );
    }

    #[test]
    fn a_package_loses_what_its_own_tests_need() {
        let text = "[package]\nname = \"kit\"\n\n[dev-dependencies]\ninsta = \"1\"\n\n\
                    [[bench]]\nname = \"b\"\n";
        assert_eq!(support(text).unwrap(), "[package]\nname = \"kit\"\n");
    }
}
