//! Receipts that ssh-keygen verifies, or not if somebody changed them.

use std::process::Stdio;

use predicates::str::contains;

use super::*;

/// Makes a key, unless this host has no OpenSSH; that is then said.
#[expect(clippy::print_stderr, reason = "what was not tried has to be said")]
fn make_key(path: &Path, arguments: &[&str]) -> bool {
    let mut keygen = Command::new("ssh-keygen");
    match keygen.args(["-q", "-t", "ed25519"]).args(arguments).arg("-f").arg(path).status() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("ssh-keygen is not installed, so receipts are not tried");
            false
        }
        made => made.unwrap().success() || panic!("ssh-keygen made no key"),
    }
}

fn verify(folder: &Path, receipt: &str) -> bool {
    verify_for(folder, receipt, "interleave-receipt")
}

fn verify_for(folder: &Path, receipt: &str, namespace: &str) -> bool {
    let mut command = Command::new("ssh-keygen");
    command.args(["-Y", "verify", "-f", "allowed_signers", "-I", "teacher@example.org"]);
    command.args(["-n", namespace, "-s", &format!("{receipt}.sig")]).current_dir(folder);
    command.stdin(std::fs::File::open(folder.join(receipt)).unwrap()).stdout(Stdio::null());
    command.status().unwrap().success()
}

#[test]
fn a_receipt_holds_until_it_is_changed() {
    let class = crate::Class::new();
    class.hand_in("ada/lock/src/lib.rs", "pub struct Account;");
    class.grade().code(0);
    let folder = class.out();
    if !make_key(&folder.join("key"), &["-N", "", "-C", ""]) {
        return;
    }
    let mut sign = grader();
    sign.arg("sign").arg(&folder).arg("--key").arg(folder.join("key")).assert().code(0);
    let public = std::fs::read_to_string(folder.join("key.pub")).unwrap();
    std::fs::write(folder.join("allowed_signers"), format!("teacher@example.org {public}"))
        .unwrap();

    let path = folder.join("receipts/ada/lock.json");
    let receipt = std::fs::read_to_string(&path).unwrap();
    let read: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!((&read["score"], &read["verdict"]), (&0.into(), &"does-not-compile".into()));
    // printf 'pub struct Account;' | sha256sum
    let digest = "354dc24c71a721939461ed632e727bf277fe361bde5e6a3d33604cedf4051f41";
    assert_eq!(read["files"]["src/lib.rs"], digest);
    assert!(verify(&folder, "receipts/ada/lock.json"));
    // What was signed as something else is no receipt, nor is one of a result a receipt of another.
    assert!(!verify_for(&folder, "receipts/ada/lock.json", "file"));
    for (this, that) in
        [("\"score\": 0", "\"score\": 14"), (digest, &"0".repeat(64)), ("ada", "bao")]
    {
        assert!(receipt.contains(this), "{this}");
        std::fs::write(&path, receipt.replace(this, that)).unwrap();
        assert!(!verify(&folder, "receipts/ada/lock.json"), "{that}");
    }
    std::fs::write(&path, &receipt[..receipt.len() - 2]).unwrap();
    assert!(!verify(&folder, "receipts/ada/lock.json"));
}

#[test]
fn a_key_that_cannot_sign_is_refused_with_what_to_do() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key");
    if !make_key(&key, &["-N", "secret"]) {
        return;
    }
    let mut sign = grader();
    let sign = sign.arg("sign").arg(folder.path()).arg("--key").arg(&key).assert();
    sign.code(2).stderr(contains("has a passphrase"));
    let mut sign = grader();
    let sign =
        sign.arg("sign").arg(folder.path()).arg("--key").arg(key.with_extension("pub")).assert();
    sign.code(2).stderr(contains("is no private key"));
}
