//! The scripts of an export, run by what runs them on their platforms: make, Python, a shell.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// A script of a few lines at `path`.
pub(super) fn script(host: &Host, path: &str, text: &str) {
    host.write_program(path, &format!("#!/bin/sh\n{text}\n"));
}

/// `name` in PATH, unless this host has none; that is then said.
#[expect(clippy::print_stderr, reason = "what was not tried has to be said")]
fn has(name: &str) -> bool {
    let there = Command::new(name).arg("--version").output().is_ok();
    if !there {
        eprintln!("{name} is not installed, so what it runs is not tried");
    }
    there
}

/// An archive in which `interleave/run.sh` hands over to the real one.
fn archive(host: &Host, path: &str) {
    script(host, "packed/interleave/run.sh", &format!("exec {}/run.sh \"$@\"", bundle().display()));
    script(host, "packed/interleave/install.sh", "echo installed > \"$INTERLEAVE_ROOT/done\"");
    let path = host.at(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut tar = Command::new("tar");
    tar.arg("cf").arg(path).arg("-C").arg(host.at("packed")).arg("interleave");
    assert!(tar.status().unwrap().success());
}

#[test]
fn autolabs_makefile_ends_with_scores_also_when_the_run_was_cut_off() {
    if !has("make") {
        return;
    }
    let host = Host::new(Platform::Autolab);
    host.write("work/lib.rs", "pub struct Semaphore");
    archive(&host, "work/autograde.tar");
    std::fs::copy(host.at("package/autograde-Makefile"), host.at("work/Makefile")).unwrap();
    let last = |done: &Output| out(done).trim_end().lines().last().unwrap().to_owned();
    let done = host.run("work", "make", &[]);
    assert_eq!(last(&done), r#"{"scores":{"semaphore":0}}"#, "{done:?}");

    // As a killer of the container's would leave it.
    script(&host, "packed/interleave/run.sh", "printf '| half a li'; kill -KILL $$");
    let pack = ["cf", "autograde.tar", "-C", "../packed", "interleave"];
    host.run("work", "tar", &pack);
    let done = host.run("work", "make", &[]);
    assert_eq!(last(&done), r#"{"scores":{"semaphore":null}}"#, "{done:?}");
}

#[test]
fn classroom50s_autograder_takes_the_exported_archive_and_no_other() {
    if !has("python3") {
        return;
    }
    let host = Host::new(Platform::Classroom50);
    archive(&host, "autograder/interleave.tar.gz");
    let digest = host.run("autograder", "sha256sum", &["interleave.tar.gz"]);
    let digest = out(&digest)[..64].to_owned();
    let shim = host.read("package/autograder.py").replace(&"0".repeat(64), &digest);
    host.write("autograder/autograder.py", shim);
    host.write("repository/lib.rs", "pub struct Semaphore");
    let shim = host.at("autograder/autograder.py");
    let run = |place: &str| {
        let mut command = Command::new("python3");
        command.arg(&shim).current_dir(host.at("repository"));
        command.env("INTERLEAVE_PLACE", host.at(place)).env("ASSIGNMENT_TYPE", "team");
        command.env("SUBMISSION_TAG", "submit/2026-11-22").env("USERNAME", "group-1");
        command.env_remove("GITHUB_STEP_SUMMARY").output().unwrap()
    };
    let done = run("place");
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let result = host.json("repository/result.json");
    assert_eq!((&result["score"], &result["assignment_type"]), (&0.into(), &"team".into()));
    assert_eq!(result["submission"], "submit/2026-11-22");
    assert_eq!(host.read("place/done"), "installed\n");

    std::fs::remove_file(host.at("repository/result.json")).unwrap();
    host.write("autograder/interleave.tar.gz", "something else");
    let done = run("elsewhere");
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("is not what was exported"), "{done:?}");
    assert!(!host.at("repository/result.json").exists());
}

/// Runs `install.sh` of the export where only what `programs` name is in PATH, besides the usual tools.
fn install(host: &Host) -> Output {
    let mut command = Command::new(host.at("there/install.sh"));
    let path = path(host);
    command.env("PATH", path).env("INTERLEAVE_ROOT", host.root.path());
    command.output().unwrap()
}

/// The programs of this host, before which those in its `bin` are found.
pub(super) fn path(host: &Host) -> String {
    format!("{}:{}", host.at("bin").display(), std::env::var("PATH").unwrap())
}

/// In place of what comes from the network: a compiler that can only tell what it was asked for.
pub(super) fn no_network(host: &Host) {
    let installer = "echo 'mkdir -p \"$RUSTUP_HOME\"; echo \"$@\" > \"$RUSTUP_HOME/asked\"'";
    script(host, "bin/curl", installer);
}

fn host_to_install_on() -> Host {
    let host = Host::new(Platform::Gradescope);
    let real = std::fs::read_to_string(bundle().join("install.sh")).unwrap();
    host.write_program("there/install.sh", &real);
    script(&host, "there/grader", "echo grader 1");
    script(&host, "bin/cc", "exit 0");
    no_network(&host);
    host
}

#[test]
fn install_takes_the_compiler_that_is_there_and_else_the_very_one_that_built_the_lessons() {
    let host = host_to_install_on();
    let json = std::fs::read_to_string(bundle().join("bundle.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    let toolchain = json["toolchain"].as_str().unwrap();
    let rustc = |sysroot: &Path| {
        let version = format!("[ \"$1\" = --version ] && exec echo '{toolchain}'");
        script(&host, "bin/rustc", &format!("{version}\necho {}", sysroot.display()));
    };
    rustc(Path::new("/usr"));
    let done = install(&host);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert!(!host.at("opt/interleave-rust").exists());

    // What only root can reach, as in its home, is of no use to the users that grade.
    std::fs::create_dir_all(host.at("home/toolchain")).unwrap();
    std::fs::set_permissions(host.at("home"), std::fs::Permissions::from_mode(0o700)).unwrap();
    rustc(&host.at("home/toolchain"));
    let done = install(&host);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert!(host.at("opt/interleave-rust/rustup/asked").exists());

    script(&host, "bin/rustc", "echo 'rustc 1.0.0'");
    let done = install(&host);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let asked = host.read("opt/interleave-rust/rustup/asked");
    let version = toolchain.split(' ').nth(1).unwrap();
    assert!(asked.contains(&format!("--default-toolchain {version}\n")), "{asked}");
}

#[test]
fn install_opens_what_was_copied_with_the_rights_of_one_user() {
    let host = host_to_install_on();
    host.write("there/tests/one", "");
    for (path, mode) in [("there/tests/one", 0o640), ("there/tests", 0o700)] {
        std::fs::set_permissions(host.at(path), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let done = install(&host);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let mode = |path: &str| host.at(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("there/tests"), mode("there/tests/one")), (0o755, 0o644));
}

#[test]
fn install_says_what_to_do_where_the_grader_does_not_start() {
    let host = host_to_install_on();
    script(&host, "there/grader", "exit 127");
    let done = install(&host);
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("Take a newer image"), "{done:?}");
}
