//! A program started without walls: its bounds hold, and the filter of system calls.

use std::ffi::CString;
use std::path::PathBuf;

use jail::{Command, LaunchError, Step, bounds, usual};
use observation::Request;

/// What a program has of all that its request says nothing of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Circumstances {
    /// What it has where it is graded.
    Usual,
    /// What the calling process has.
    OfCaller,
}

pub(crate) fn command(request: &Request) -> Result<Command, LaunchError> {
    let arguments = request.args.iter().map(String::as_str);
    let environment = request.environment.iter();
    let environment = environment.map(|(name, value)| (name.as_str(), value.as_str()));
    Command::new(&program(request), arguments, environment)
}

/// A path with a slash is as good as it is; `execve` takes any other as a file of
/// the directory where the program starts.
fn program(request: &Request) -> PathBuf {
    request.program.clone()
}

/// The bound on processes is kept by the observer: `RLIMIT_NPROC` would count all
/// processes of the user.
pub(crate) fn steps(
    request: &Request,
    circumstances: Circumstances,
) -> Result<Vec<Step>, LaunchError> {
    let mut steps = vec![Step::NewSession, Step::DieWithParent, Step::NoNewPrivileges];
    steps.extend(bounds(&request.limits));
    if circumstances == Circumstances::Usual {
        steps.extend(usual());
    }
    if let Some(directory) = &request.directory {
        let path = CString::new(directory.as_os_str().as_encoded_bytes())?;
        steps.push(Step::Directory(path));
    }
    // What works here shall work where it is graded.
    steps.extend(Step::filter());
    Ok(steps)
}
