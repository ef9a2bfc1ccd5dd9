//! Functions and lines of source for addresses in a process.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

use addr2line::Loader;
use observation::Place;

use crate::mappings::{self, Mapping};
use crate::stacks::Image;

/// Debug information that was read, by path and inode: the processes of a run mostly
/// share one executable, and reading it is the dearest part of a diagnosis.
#[derive(Clone, Default)]
pub(crate) struct Library {
    read: Rc<RefCell<Read>>,
}

type Read = HashMap<(String, u64), Option<Rc<Loader>>>;

impl Library {
    fn read(&self, pid: i32, path: &str, inode: u64) -> Option<Rc<Loader>> {
        let mut read = self.read.borrow_mut();
        let loader = read.entry((path.to_owned(), inode)).or_insert_with(|| {
            // The program may see another root than we do.
            Loader::new(format!("/proc/{pid}/root{path}")).ok().map(Rc::new)
        });
        loader.clone()
    }
}

/// The symbols of one process, loaded as they are needed.
pub(crate) struct Symbols {
    pid: i32,
    mappings: Vec<Mapping>,
    library: Library,
    modules: HashMap<String, Option<(Rc<Loader>, u64)>>,
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
        let Some((loader, bias)) = self.module(address) else { return Vec::new() };
        let probe = address - *bias;
        let mut calls = Vec::new();
        if let Ok(mut frames) = loader.find_frames(probe) {
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
        name_the_outermost(&mut calls, loader.find_symbol(probe));
        calls
    }

    fn module(&mut self, address: u64) -> Option<&(Rc<Loader>, u64)> {
        let mapping = self.mappings.iter().find(|one| one.range.contains(&address))?;
        let (path, inode) = (mapping.path.clone(), mapping.inode);
        if !self.modules.contains_key(&path) {
            let loaded = Image::load(self.pid, &self.mappings, &path)
                .and_then(|image| Some((self.library.read(self.pid, &path, inode)?, image.bias)));
            self.modules.insert(path.clone(), loaded);
        }
        self.modules.get(&path)?.as_ref()
    }
}

impl Call {
    /// Whether it is code of the person who wrote the program, as far as its file tells.
    pub(crate) fn is_own(&self) -> bool {
        let Some(place) = &self.place else { return false };
        let file = place.file.to_string_lossy();
        let foreign =
            ["/rustc/", "/library/", "/.cargo/registry/", "/sysdeps/", "./nptl/", "/glibc"];
        !foreign.iter().any(|part| file.contains(part))
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
