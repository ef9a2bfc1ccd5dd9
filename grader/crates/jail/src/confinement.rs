use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Slot, Tier};

/// What a program may reach. There is no network in any confinement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confinement {
    /// Which walls.
    pub tier: Tier,
    /// Where it runs.
    pub slot: Slot,
    /// Files and directories that it sees, under the absolute paths that they have
    /// outside, and cannot change. What is not there is passed over.
    pub readable: Vec<PathBuf>,
    /// Bytes of its /tmp, where it has one of its own; it starts out empty.
    pub temporary: u64,
    /// Bytes of its /dev/shm, where it has one of its own.
    pub shared_memory: u64,
    /// Bytes resident of the whole run, where a memory cgroup can bound them.
    pub memory: Option<u64>,
    /// Files to take out of it after the run.
    pub artefacts: Vec<Artefact>,
}

/// A file that a confined program makes and that is taken out after its run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artefact {
    /// Its name in the /tmp of the program.
    pub name: String,
    /// Where it goes; replaced if it is there.
    pub to: PathBuf,
    /// Bytes that it may have.
    pub size: u64,
}

/// What nearly every program needs: libraries, and where the linker finds them.
pub(crate) const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/localtime",
];

impl Confinement {
    /// For running `program`.
    pub fn for_program(tier: Tier, slot: Slot, program: &Path) -> Self {
        let mut readable: Vec<_> = SYSTEM.iter().map(PathBuf::from).collect();
        readable.push(program.to_owned());
        Self {
            tier,
            slot,
            readable,
            temporary: 64 << 20,
            shared_memory: 64 << 20,
            memory: Some(1 << 30),
            artefacts: Vec::new(),
        }
    }

    /// For running the compiler of the toolchain at `toolchain` (its sysroot) on the
    /// given `sources` and `libraries`, and taking out what it makes.
    pub fn for_compiler(
        tier: Tier,
        slot: Slot,
        toolchain: &Path,
        inputs: impl IntoIterator<Item = PathBuf>,
        artefacts: Vec<Artefact>,
    ) -> Self {
        let mut readable: Vec<_> = SYSTEM.iter().map(PathBuf::from).collect();
        readable.push(toolchain.to_owned());
        readable.extend(inputs);
        Self {
            tier,
            slot,
            readable,
            temporary: 1 << 30,
            shared_memory: 1 << 20,
            memory: Some(4 << 30),
            artefacts,
        }
    }
}
