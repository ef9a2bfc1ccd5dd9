//! Identity of the things that threads wait for.

#![expect(unsafe_code, reason = "statics are put back by copying their first bytes")]

use std::cell::{Cell, UnsafeCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::weak::History;
use super::{Place, Run, TaskId, with_run};

/// Numbers an object within a schedule, in the order of first use.
pub(crate) type ObjectId = usize;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Mutex,
    RwLock,
    Condvar,
    Barrier,
    Once,
    Channel,
    /// An atomic, with the name of its type.
    Atomic(&'static str),
    /// Standard output or standard error.
    Stream(&'static str),
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mutex => "Mutex",
            Self::RwLock => "RwLock",
            Self::Condvar => "Condvar",
            Self::Barrier => "Barrier",
            Self::Once => "Once",
            Self::Channel => "channel",
            Self::Atomic(name) | Self::Stream(name) => name,
        }
    }
}

/// What a schedule knows of one object.
#[derive(Debug)]
pub(crate) struct ObjectState {
    pub(crate) kind: Kind,
    pub(crate) made_at: Place,
    pub(crate) first_taken: Option<Place>,
    /// Who holds it since where: one for a writer, any number of readers.
    pub(crate) holders: Vec<(TaskId, Place)>,
    /// Whether the one holder excludes all others.
    pub(crate) exclusive: bool,
    pub(crate) poisoned: bool,
    /// Threads that wait, in the order of arrival.
    pub(crate) waiters: Vec<TaskId>,
    /// What an atomic has held.
    pub(crate) history: History,
}

impl ObjectState {
    pub(crate) fn new(kind: Kind, made_at: Place) -> Self {
        Self {
            kind,
            made_at,
            first_taken: None,
            holders: Vec::new(),
            exclusive: false,
            poisoned: false,
            waiters: Vec::new(),
            history: History::default(),
        }
    }
}

/// The part of a modelled object that lives in the student's memory.
///
/// It notices when a schedule meets an object for the first time. One that was used in an
/// earlier schedule and is still there can only be a static, and starts anew.
#[derive(Debug)]
pub(crate) struct Object {
    kind: Kind,
    made_at: Place,
    id: Cell<ObjectId>,
    epoch: Cell<u64>,
}

/// What a lock protects, as bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    at: *mut u8,
    size: usize,
}

impl Memory {
    pub(crate) fn of<T: ?Sized>(data: &UnsafeCell<T>) -> Self {
        let data = data.get();
        // SAFETY: only the size is taken, and the pointer is valid.
        Self { at: data.cast(), size: unsafe { size_of_val(&*data) } }
    }
}

/// How a schedule meets an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meeting {
    /// Nobody has used it before.
    New,
    /// This schedule has used it.
    Known,
    /// Only earlier schedules have used it.
    LeftOver,
}

// SAFETY: the threads of a schedule are coroutines on one thread of the operating system, and
// explorations exclude each other.
unsafe impl Sync for Object {}

impl Object {
    pub(crate) const fn new(kind: Kind, made_at: Place) -> Self {
        Self { kind, made_at, id: Cell::new(0), epoch: Cell::new(0) }
    }

    /// The object's number in this schedule, and how they meet.
    pub(crate) fn meet(&self, run: &mut Run) -> (ObjectId, Meeting) {
        if !matches!(self.kind, Kind::Atomic(_)) {
            run.sees_all();
        }
        if self.epoch.get() == run.epoch {
            return (self.id.get(), Meeting::Known);
        }
        let meeting = if self.epoch.get() == 0 { Meeting::New } else { Meeting::LeftOver };
        let id = run.objects.len();
        run.gets_on();
        run.objects.push(ObjectState::new(self.kind, self.made_at));
        self.id.set(id);
        self.epoch.set(run.epoch);
        (id, meeting)
    }

    /// As [`Object::meet`], and puts `data` back to what it was before the first schedule if
    /// the object is a static.
    ///
    /// Statics are made by the compiler, so their first bytes own no memory and may be used
    /// any number of times; what a schedule left in them is leaked, as at the end of a program.
    pub(crate) fn meet_with_data(&self, data: Memory) -> Option<ObjectId> {
        let (id, meeting) = with_run(|run| self.meet(run))?;
        match meeting {
            Meeting::Known => {}
            Meeting::New => save_static(data),
            Meeting::LeftOver => restore_static(data),
        }
        Some(id)
    }

    pub(crate) fn made_at(&self) -> Place {
        self.made_at
    }

    /// The object's number in this schedule; none outside of one.
    pub(crate) fn id(&self) -> Option<ObjectId> {
        with_run(|run| self.meet(run).0)
    }
}

type Images = BTreeMap<usize, Box<[std::mem::MaybeUninit<u8>]>>;

static IMAGES: Mutex<Images> = Mutex::new(BTreeMap::new());

fn save_static(Memory { at: data, size }: Memory) {
    if size == 0 || !statics().iter().any(|range| range.contains(&(data as usize))) {
        return;
    }
    // SAFETY: the caller owns `size` bytes at `data`, and no other thread runs meanwhile.
    // `MaybeUninit` allows padding.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast(), size) };
    let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
    images.insert(data as usize, bytes.into());
}

fn restore_static(Memory { at: data, size }: Memory) {
    let images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(image) = images.get(&(data as usize)).filter(|image| image.len() == size) else {
        return;
    };
    // SAFETY: as in `save_static`; the bytes were a valid value of the same object, made by
    // the compiler, and own nothing. The value that is overwritten is leaked.
    unsafe { std::ptr::copy_nonoverlapping(image.as_ptr(), data.cast(), size) };
}

/// Where the program's writable statics lie.
pub(super) fn statics() -> &'static [Range<usize>] {
    static RANGES: OnceLock<Vec<Range<usize>>> = OnceLock::new();
    RANGES.get_or_init(writable_segments)
}

#[cfg(target_os = "linux")]
fn writable_segments() -> Vec<Range<usize>> {
    unsafe extern "C" fn visit(
        info: *mut libc::dl_phdr_info,
        _size: libc::size_t,
        ranges: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the loader passes a valid description, and `ranges` is the vector below.
        let (info, ranges) = unsafe { (&*info, &mut *ranges.cast::<Vec<Range<usize>>>()) };
        for index in 0..usize::from(info.dlpi_phnum) {
            // SAFETY: the description has `dlpi_phnum` headers.
            let header = unsafe { &*info.dlpi_phdr.add(index) };
            if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W != 0 {
                let start = info.dlpi_addr as usize + header.p_vaddr as usize;
                ranges.push(start..start + header.p_memsz as usize);
            }
        }
        0
    }
    let mut ranges: Vec<Range<usize>> = Vec::new();
    // SAFETY: `visit` matches the signature, and `ranges` outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut ranges).cast()) };
    ranges
}

#[cfg(not(target_os = "linux"))]
fn writable_segments() -> Vec<Range<usize>> {
    Vec::new()
}
