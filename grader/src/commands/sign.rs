use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use intake::StudentName;
use report::{Run, Submission};
use serde_json::json;
use ssh_key::{HashAlg, LineEnding, PrivateKey, SshSig};

use crate::exit::Exit;

/// Sign a receipt for every result, which anybody can verify with ssh-keygen
///
/// A receipt says whose files, by their SHA-256, got how many points, when, and by which version of the
/// grader. It lies beside its signature, `receipts/<student>/<lesson>.json` and `.json.sig`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grader sign results --key ~/.ssh/id_ed25519
  ssh-keygen -Y verify -f allowed_signers -I teacher@example.org -n interleave-receipt \\
      -s receipts/ada/lock.json.sig < receipts/ada/lock.json

The file allowed_signers holds a line `teacher@example.org ssh-ed25519 AAAA...`, the public key.")]
pub(crate) struct Arguments {
    /// The folder that `grader grade` wrote results to
    #[arg(value_name = "RESULTS")]
    results: PathBuf,
    /// An Ed25519 key of OpenSSH's without a passphrase
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where receipts go [default: receipts in the folder of results]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// What signatures are for; a signature for something else does not verify as one of these.
const NAMESPACE: &str = "interleave-receipt";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    let key = key(&arguments.key)?;
    let path = arguments.results.join("results.json");
    let failed = || format!("cannot use {}; `grader grade` writes it", path.display());
    let file = BufReader::new(File::open(&path).with_context(failed)?);
    let mut submissions = Vec::new();
    // The circumstances come last, and are part of each receipt.
    let (run, _) =
        report::results::read_each(file, |submission| submissions.push(light(submission)))
            .with_context(failed)?;
    let to = arguments.to.clone().unwrap_or_else(|| arguments.results.join("receipts"));
    for submission in &submissions {
        let folder = to.join(StudentName::new(&submission.student).as_str());
        let receipt = receipt(&run, submission);
        let signature = SshSig::sign(&key, NAMESPACE, HashAlg::Sha512, receipt.as_bytes());
        let signature = signature.and_then(|signature| signature.to_pem(LineEnding::LF));
        let signature = signature.context("cannot sign with this key")?;
        write(&folder.join(format!("{}.json", submission.lesson)), &receipt)?;
        write(&folder.join(format!("{}.json.sig", submission.lesson)), &signature)?;
    }
    let receipts = if submissions.len() == 1 { "receipt" } else { "receipts" };
    println!("{} {receipts} in {}", submissions.len(), to.display());
    println!("signed by {}", key.public_key().to_openssh().unwrap_or_default());
    Ok(Exit::Done)
}

fn key(path: &Path) -> anyhow::Result<PrivateKey> {
    let key = PrivateKey::read_openssh_file(path).with_context(|| {
        let make = "`ssh-keygen -t ed25519 -f <file>` makes one";
        format!("{} is no private key of OpenSSH's; {make}", path.display())
    })?;
    if key.is_encrypted() {
        bail!("{} has a passphrase; take a key without one, made for this alone", path.display());
    }
    if !key.algorithm().is_ed25519() {
        bail!(
            "{} is {}; take an Ed25519 key: ssh-keygen -t ed25519",
            path.display(),
            key.algorithm()
        );
    }
    Ok(key)
}

/// A class does not fit into memory; what is signed of it does.
fn light(submission: Submission) -> Submission {
    Submission { tests: Vec::new(), message: None, ..submission }
}

fn receipt(run: &Run, submission: &Submission) -> String {
    let receipt = json!({
        "schema": "interleave/receipt/v1",
        "course": run.course.as_str(),
        "student": submission.student,
        "lesson": submission.lesson.as_str(),
        "handed_in": submission.handed_in,
        "files": submission.files,
        "status": submission.status,
        "verdict": submission.verdict.as_str(),
        "score": submission.score,
        "max_score": submission.max_score,
        "graded": run.started,
        "grader": run.grader,
        "toolchain": run.toolchain,
    });
    serde_json::to_string_pretty(&receipt).expect("plain data") + "\n"
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}; is the disk full?", path.display());
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(failed)?;
    fs::write(path, text).with_context(failed)
}
