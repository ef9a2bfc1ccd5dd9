//! Sources that mean harm to the compiler, or to what lies around it.
#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use jail::{Artefact, Confinement, Slot};
use keeper::Keeper;
use observation::{Exit, HangKind, Limits, Observation, Request};

use crate::SECRET;
use crate::stage::{STAGE, corpus, sysroot};

#[test]
fn nothing_leaves_or_stops_the_compiler() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.rs");
    fs::write(&secret, SECRET).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o666)).unwrap();
    let mut wrong = Vec::new();
    for path in corpus("compile") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let source = fs::read_to_string(&path).unwrap();
        let expected = source.lines().find_map(|line| line.strip_prefix("//! outcome: ")).unwrap();
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("lib.rs");
        fs::write(&file, source.replace("SECRET", secret.to_str().unwrap())).unwrap();
        let made = place.path().join("made");
        let seen = compile(&file, &made);
        let outcome = outcome(&seen);
        if outcome != expected || made.exists() != (expected == "compiles") {
            let said = &seen.stderr.text;
            let said = &said[..said.floor_char_boundary(300)];
            wrong.push(format!("{name}: {outcome} for {expected}, {} {said}", seen.reason));
        }
        if seen.stderr.text.contains(SECRET) {
            wrong.push(format!("{name}: the compiler shows the secret"));
        }
    }
    assert_eq!(fs::read_to_string(&secret).unwrap(), SECRET);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn compile(source: &Path, made: &Path) -> Observation {
    let stage = &*STAGE;
    let sysroot = sysroot();
    let mut request = Request::new(sysroot.join("bin/rustc"));
    let args = ["--edition=2024", "-Awarnings", "--crate-type=bin", "-o", "made"];
    request.args = args.map(str::to_owned).to_vec();
    request.args.push(source.to_str().unwrap().to_owned());
    request.environment.insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    request.limits = Limits {
        wall: Duration::from_secs(60),
        cpu: Duration::from_secs(4),
        memory: 3 << 30,
        file_size: 1 << 28,
        output: 4 << 20,
        ..Limits::default()
    };
    let artefact = Artefact { name: "made".to_owned(), to: made.to_owned(), size: 1 << 26 };
    let mut confinement = Confinement::for_compiler(
        stage.compile_tier(),
        Slot(0),
        &sysroot,
        [source.to_owned()],
        vec![artefact],
    );
    confinement.memory = Some(1 << 30);
    Keeper::new(stage.folder().join("keeper")).run(&request, &confinement).unwrap()
}

fn outcome(seen: &Observation) -> &'static str {
    match (seen.exit, seen.hang.as_ref().map(|hang| hang.kind)) {
        (_, Some(HangKind::Limit(_) | HangKind::Timeout | HangKind::Livelock)) => "limit",
        (Some(Exit::Code(0)), None) => "compiles",
        _ => "refused",
    }
}
