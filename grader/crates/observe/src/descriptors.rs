//! Who holds which open files.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fs;

use crate::family::TaskRef;
use crate::proc;

/// Open pipes, sockets and the like by their kernel name.
#[derive(Debug)]
pub(crate) struct Descriptors {
    by_name: HashMap<String, Vec<Opened>>,
}

/// One descriptor of one process.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// Whose.
    pub(crate) pid: i32,
    /// Its number there.
    pub(crate) number: u64,
    mode: OnceCell<Mode>,
}

/// How a file was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode(u32);

impl Mode {
    /// That of the flags of `open`.
    pub(crate) fn of(flags: u32) -> Self {
        Self(flags)
    }

    pub(crate) fn reads(self) -> bool {
        self.0 & 3 != libc::O_WRONLY as u32
    }

    pub(crate) fn writes(self) -> bool {
        self.0 & 3 != libc::O_RDONLY as u32
    }

    /// Whether its owner is sent a signal when it is ready.
    pub(crate) fn signals(self) -> bool {
        self.0 & libc::O_ASYNC as u32 != 0
    }
}

impl Descriptors {
    /// Looks at each of `processes` once. Processes of other users cannot be looked into;
    /// they hold what has no name only if someone passed it to them.
    pub(crate) fn scan(processes: Vec<i32>) -> Self {
        let mut by_name: HashMap<_, Vec<_>> = HashMap::new();
        for pid in processes {
            let entries = fs::read_dir(format!("/proc/{pid}/fd"));
            for entry in entries.into_iter().flatten().flatten() {
                let Ok(name) = fs::read_link(entry.path()) else { continue };
                let name = name.to_string_lossy();
                let number = entry.file_name().to_str().and_then(|text| text.parse().ok());
                if let (Some(number), false) = (number, name.starts_with("/dev/null")) {
                    by_name.entry(name.into_owned()).or_default().push(Opened {
                        pid,
                        number,
                        mode: OnceCell::new(),
                    });
                }
            }
        }
        Self { by_name }
    }

    /// All descriptors of the file with this kernel name.
    pub(crate) fn of(&self, name: &str) -> &[Opened] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// All descriptors of one process, with the kernel name of the file.
    pub(crate) fn held_by(&self, pid: i32) -> impl Iterator<Item = (&str, &Opened)> {
        let all = self
            .by_name
            .iter()
            .flat_map(|(name, opened)| opened.iter().map(move |opened| (name.as_str(), opened)));
        all.filter(move |(_, opened)| opened.pid == pid)
    }
}

impl Opened {
    /// The kernel name of a descriptor of `task`.
    pub(crate) fn name(task: TaskRef, number: u64) -> Option<String> {
        let link = fs::read_link(format!("/proc/{}/task/{}/fd/{number}", task.pid, task.tid));
        link.ok().map(|name| name.to_string_lossy().into_owned())
    }

    /// Where the kernel describes it.
    pub(crate) fn info(&self) -> String {
        format!("/proc/{}/fdinfo/{}", self.pid, self.number)
    }

    /// How it was opened; as if for everything, if that cannot be seen. Looked at once.
    pub(crate) fn mode(&self) -> Mode {
        *self.mode.get_or_init(|| {
            let flags = proc::line(&self.info(), "flags:");
            let flags = flags.and_then(|flags| u32::from_str_radix(&flags, 8).ok());
            Mode(flags.unwrap_or(libc::O_RDWR as u32))
        })
    }
}
