use std::ffi::{CString, NulError};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use thiserror::Error;

/// A program with its arguments and its whole environment.
#[derive(Clone, Debug)]
pub struct Command {
    pub(crate) program: PathBuf,
    pub(crate) path: CString,
    pub(crate) arguments: Vec<CString>,
    pub(crate) environment: Vec<CString>,
}

impl Command {
    /// `arguments` come after the program's own name; `environment` is all there is of it.
    pub fn new<'a>(
        program: &Path,
        arguments: impl IntoIterator<Item = &'a str>,
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, LaunchError> {
        let path = CString::new(program.as_os_str().as_encoded_bytes())?;
        let rest = arguments.into_iter().map(CString::new);
        let arguments = std::iter::once(Ok(path.clone())).chain(rest).collect::<Result<_, _>>()?;
        let environment = environment
            .into_iter()
            .map(|(name, value)| CString::new(format!("{name}={value}")))
            .collect::<Result<_, _>>()?;
        Ok(Self { program: program.to_owned(), path, arguments, environment })
    }
}

/// The three descriptors that the program gets; it gets no others.
#[derive(Debug)]
pub struct Stdio {
    /// Descriptor 0.
    pub input: OwnedFd,
    /// Descriptor 1.
    pub output: OwnedFd,
    /// Descriptor 2.
    pub error: OwnedFd,
}

/// Why a program could not be started.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// An argument, a name or a path holds a NUL byte.
    #[error("a NUL byte in the path, an argument or the environment of the program")]
    Nul(#[from] NulError),
    /// The host has no process or pipe to give.
    #[error("cannot {action}: {source}; is the host short of processes or descriptors?")]
    Host {
        /// What was tried.
        action: &'static str,
        /// What the kernel said.
        source: Errno,
    },
    /// The host does not let us make namespaces.
    #[error("cannot make namespaces: {source}; does the host, or the container, forbid them?")]
    Namespaces {
        /// What the kernel said.
        source: Errno,
    },
    /// The child could not be given what its enclosure grants.
    #[error("cannot write {path}: {source}", path = path.display())]
    Adopt {
        /// A file of the kernel's.
        path: PathBuf,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The child could not do one of its steps.
    #[error("the child could not {step}: {source}")]
    Step {
        /// What was tried.
        step: String,
        /// What the kernel said.
        source: Errno,
    },
    /// The child ended before it was ready, without saying why.
    #[error("the child died before it could execute the program; was it killed?")]
    Died,
    /// The program itself cannot be executed.
    #[error("cannot execute {program}: {source}", program = program.display())]
    Execute {
        /// Which program.
        program: PathBuf,
        /// What the kernel said.
        source: Errno,
    },
}
