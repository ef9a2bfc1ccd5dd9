//! Functions and lines of source for addresses in a process.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use addr2line::Loader;
use observation::Place;

use crate::debug_info::{DebugInfo, Variable};
use crate::mappings::{self, Mapping};
use crate::memory;
use crate::stacks::{Frame, Image};

/// Debug information that was read, by path and inode: the processes of a run mostly
/// share one executable, and reading it is the dearest part of a diagnosis.
#[derive(Clone, Default)]
pub(crate) struct Library {
    lines: Rc<RefCell<Shelf<Loader>>>,
    variables: Rc<RefCell<Shelf<DebugInfo>>>,
}

type Shelf<T> = HashMap<(String, u64), Option<Rc<T>>>;

impl Library {
    fn lines(&self, pid: i32, path: &str, inode: u64) -> Option<Rc<Loader>> {
        let mut shelf = self.lines.borrow_mut();
        let read = || Loader::new(seen_by(pid, path)).ok().map(Rc::new);
        shelf.entry((path.to_owned(), inode)).or_insert_with(read).clone()
    }

    fn variables(&self, pid: i32, path: &str, inode: u64) -> Option<Rc<DebugInfo>> {
        let mut shelf = self.variables.borrow_mut();
        let read = || DebugInfo::load(&seen_by(pid, path)).map(Rc::new);
        shelf.entry((path.to_owned(), inode)).or_insert_with(read).clone()
    }
}

/// The symbols of one process, loaded as they are needed.
pub(crate) struct Symbols {
    pid: i32,
    mappings: Vec<Mapping>,
    library: Library,
    modules: HashMap<String, Option<Module>>,
}

struct Module {
    lines: Rc<Loader>,
    inode: u64,
    bias: u64,
}

/// One function that was called, perhaps inlined into its caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    /// The demangled name, with its path.
    pub(crate) function: String,
    /// The line that is being executed, if the compiler recorded lines.
    pub(crate) place: Option<Place>,
}

impl Symbols {
    pub(crate) fn new(pid: i32, library: Library) -> Self {
        Self { pid, mappings: mappings::all(pid), library, modules: HashMap::new() }
    }

    /// The functions at an address, the innermost first.
    pub(crate) fn calls_at(&mut self, address: u64) -> Vec<Call> {
        let Some((_, Module { lines, bias, .. })) = self.module(address) else {
            return Vec::new();
        };
        let probe = address.wrapping_sub(*bias);
        let mut calls = Vec::new();
        if let Ok(mut frames) = lines.find_frames(probe) {
            while let Ok(Some(frame)) = frames.next() {
                let function = frame.function.as_ref().and_then(|name| name.demangle().ok());
                let function = without_hash(&function.unwrap_or_default());
                let place = frame.location.and_then(|location| {
                    Some(Place {
                        file: PathBuf::from(location.file?),
                        line: location.line?,
                        function: Some(function.clone()),
                    })
                });
                calls.push(Call { function, place });
            }
        }
        name_the_outermost(&mut calls, lines.find_symbol(probe));
        calls
    }

    /// The program's own variables of the function that a frame executes, and what tells
    /// their types.
    pub(crate) fn variables(&mut self, frame: &Frame) -> Option<(Rc<DebugInfo>, Vec<Variable>)> {
        let (info, bias) = self.debug_info(frame.address)?;
        let variables = info.variables(self.pid, bias, frame);
        Some((info, variables))
    }

    /// The static variable that holds `address`.
    pub(crate) fn static_at(&mut self, address: u64) -> Option<(Rc<DebugInfo>, Variable)> {
        let (info, bias) = self.debug_info(address)?;
        let variable = info.static_at(bias, address)?;
        Some((info, variable))
    }

    /// Whether the code from `from` to `to` gives something away to be dropped: a guard that
    /// is in scope may be gone then. The code is read as the compiler lays it out without
    /// optimisation, in the order of the source.
    pub(crate) fn drops_between(&mut self, from: u64, to: u64) -> bool {
        const CALL: u8 = 0xe8;
        let length = usize::try_from(to.saturating_sub(from)).unwrap_or(0).min(64 << 10);
        let code = memory::read_some(self.pid, from, length);
        let calls = code.windows(5).zip(from..).filter(|(window, _)| window[0] == CALL);
        let targets = calls.map(|(window, at)| {
            let distance = i32::from_le_bytes([window[1], window[2], window[3], window[4]]);
            at.wrapping_add(5).wrapping_add_signed(distance.into())
        });
        let targets: Vec<_> = targets.collect();
        targets.into_iter().any(|target| self.function_at(target).contains("core::mem::drop"))
    }

    /// The name of the function that holds an address, or nothing.
    fn function_at(&mut self, address: u64) -> String {
        let Some((_, Module { lines, bias, .. })) = self.module(address) else {
            return String::new();
        };
        let symbol = lines.find_symbol(address.wrapping_sub(*bias)).unwrap_or_default();
        addr2line::demangle_auto(symbol.into(), None).into_owned()
    }

    fn debug_info(&mut self, address: u64) -> Option<(Rc<DebugInfo>, u64)> {
        let pid = self.pid;
        let (path, module) = self.module(address)?;
        let (inode, bias) = (module.inode, module.bias);
        Some((self.library.variables(pid, &path, inode)?, bias))
    }

    fn module(&mut self, address: u64) -> Option<(String, &Module)> {
        let mapping = self.mapping(address)?;
        let (path, inode) = (mapping.path.clone(), mapping.inode);
        if !self.modules.contains_key(&path) {
            let loaded = Image::load(self.pid, &self.mappings, &path).and_then(|image| {
                let lines = self.library.lines(self.pid, &path, inode)?;
                Some(Module { lines, inode, bias: image.bias })
            });
            self.modules.insert(path.clone(), loaded);
        }
        let module = self.modules.get(&path)?.as_ref()?;
        Some((path, module))
    }

    /// The mapping that holds an address. Variables that begin as zero lie behind those
    /// that the file holds, in memory without a name.
    fn mapping(&self, address: u64) -> Option<&Mapping> {
        let index = self.mappings.iter().position(|one| one.range.contains(&address))?;
        let found = &self.mappings[index];
        let before = index.checked_sub(1).and_then(|before| self.mappings.get(before));
        match before {
            Some(before) if found.path.is_empty() && before.range.end == found.range.start => {
                Some(before)
            }
            _ => Some(found),
        }
    }
}

/// The file as we can open it: the program may see another root than we do.
fn seen_by(pid: i32, path: &str) -> String {
    format!("/proc/{pid}/root{path}")
}

/// Whether a path is that of code which the author of the program has not written.
pub(crate) fn is_foreign(path: &str) -> bool {
    const FOREIGN: [&str; 7] = [
        "/rustc/",
        "/rust/deps/",
        "/library/",
        "/.cargo/registry/",
        "/sysdeps/",
        "./nptl/",
        "/glibc",
    ];
    FOREIGN.iter().any(|part| path.contains(part))
}

impl Call {
    /// Whether it is code of the person who wrote the program, as far as its file tells.
    pub(crate) fn is_own(&self) -> bool {
        let Some(place) = &self.place else { return false };
        !is_foreign(&place.file.to_string_lossy())
    }
}

/// Line tables alone have no name for a function into which nothing is inlined.
fn name_the_outermost(calls: &mut Vec<Call>, symbol: Option<&str>) {
    let Some(symbol) = symbol else { return };
    let function = without_hash(&addr2line::demangle_auto(symbol.into(), None));
    match calls.last_mut() {
        Some(outermost) if outermost.function.is_empty() => {
            if let Some(place) = &mut outermost.place {
                place.function = Some(function.clone());
            }
            outermost.function = function;
        }
        Some(_) => {}
        None => calls.push(Call { function, place: None }),
    }
}

/// Legacy names end in a hash.
fn without_hash(name: &str) -> String {
    match name.rsplit_once("::") {
        Some((rest, last)) if last.len() == 17 && last.starts_with('h') => rest.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_functions_have_names_and_lines() {
        let mut symbols = Symbols::new(std::process::id().cast_signed(), Library::default());
        let address = our_own_functions_have_names_and_lines as fn() as usize as u64 + 1;
        let calls = symbols.calls_at(address);
        let outer = calls.last().unwrap();
        assert!(outer.function.ends_with("our_own_functions_have_names_and_lines"), "{calls:?}");
        assert!(outer.is_own());
        assert!(outer.place.as_ref().unwrap().file.ends_with("src/symbols.rs"));
    }

    #[test]
    fn the_hash_of_a_legacy_name_is_dropped() {
        assert_eq!(without_hash("a::b::h0123456789abcdef"), "a::b");
        assert_eq!(without_hash("a::b"), "a::b");
    }
}
