//! Stacks of tasks that are held still, unwound by the tables that every program
//! carries for its panics.

use std::collections::HashMap;

use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, LittleEndian, Register, RegisterRule,
    UnwindContext, UnwindSection, UnwindTableRow,
};

use crate::arch::{self, KEPT, RETURN_ADDRESS, STACK_POINTER};
use crate::mappings::{self, Mapping};
use crate::memory;

/// The stack of one task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stack {
    /// Its calls, the innermost first.
    pub(crate) frames: Vec<Frame>,
    words: Vec<u64>,
    bottom: u64,
}

/// One call that has not returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// An address within the calling instruction.
    pub(crate) address: u64,
    /// Where the frame of its caller begins: everything of its own lies below.
    pub(crate) end: u64,
    /// The registers that survive calls, by their DWARF numbers.
    registers: [u64; KEPT.end as usize],
}

impl Frame {
    /// The value of a register while the call is under way, if it survives calls.
    pub(crate) fn register(&self, number: u16) -> Option<u64> {
        let survives = arch::survives_calls(number);
        self.registers.get(usize::from(number)).copied().filter(|_| survives)
    }
}

impl Stack {
    /// The addresses within the stack, from `from` on, that hold `value`.
    pub(crate) fn places_of(&self, value: u64, from: u64) -> impl Iterator<Item = u64> + '_ {
        let all = self.words.iter().zip(0u64..).filter(move |(word, _)| **word == value);
        all.map(|(_, index)| self.bottom + index * 8).filter(move |address| *address >= from)
    }

    /// The words that lie below an address.
    pub(crate) fn words_below(&self, address: u64) -> impl Iterator<Item = u64> + '_ {
        let count = address.saturating_sub(self.bottom) / 8;
        self.words.iter().take(usize::try_from(count).unwrap_or(usize::MAX)).copied()
    }

    /// The word at an address of the stack.
    pub(crate) fn word(&self, address: u64) -> Option<u64> {
        let index = address.checked_sub(self.bottom)? / 8;
        self.words.get(usize::try_from(index).ok()?).copied()
    }
}

/// Unwinds the stacks of one process.
pub(crate) struct Unwinder {
    pid: i32,
    mappings: Vec<Mapping>,
    modules: HashMap<String, Option<Module>>,
}

/// The unwinding tables of one executable or library, as loaded.
struct Module {
    header_at: u64,
    header: Vec<u8>,
    frames_at: u64,
    frames: Vec<u8>,
}

/// How far a stack is read, and how many calls of it.
const DEPTH: u64 = 256 << 10;
const CALLS: usize = 64;

impl Unwinder {
    pub(crate) fn new(pid: i32) -> Self {
        Self { pid, mappings: mappings::all(pid), modules: HashMap::new() }
    }

    /// The stack of a task with these registers.
    pub(crate) fn unwind(&mut self, registers: &arch::Registers) -> Stack {
        let bottom = registers.sp() & !7;
        let top = self.mapping(bottom).map_or(bottom, |mapping| mapping.range.end);
        let length = usize::try_from((top - bottom).min(DEPTH)).unwrap_or(0);
        let bytes = memory::read_some(self.pid, bottom, length);
        let words = bytes.chunks_exact(8).filter_map(|word| word.try_into().ok());
        let words = words.map(u64::from_le_bytes).collect();
        let mut stack = Stack { frames: Vec::new(), words, bottom };
        let mut state = Registers::of(registers);
        while stack.frames.len() < CALLS {
            let first = stack.frames.is_empty();
            // A return address may lie behind the last instruction of its function.
            let address = if first { state.pc } else { state.pc.saturating_sub(1) };
            let Some(caller) = self.step(&state, address, &stack) else { break };
            stack.frames.push(Frame {
                address,
                end: caller.get(STACK_POINTER),
                registers: state.values,
            });
            if caller.pc == 0 || caller.get(STACK_POINTER) <= state.get(STACK_POINTER) {
                break;
            }
            state = caller;
        }
        stack
    }

    fn step(&mut self, state: &Registers, address: u64, stack: &Stack) -> Option<Registers> {
        let module = self.module(address)?;
        let bases = BaseAddresses::default()
            .set_eh_frame_hdr(module.header_at)
            .set_eh_frame(module.frames_at);
        let header = EhFrameHdr::new(&module.header, LittleEndian).parse(&bases, 8).ok()?;
        let frames = EhFrame::new(&module.frames, LittleEndian);
        let mut context = UnwindContext::new();
        let table = header.table()?;
        let row = table
            .unwind_info_for_address(
                &frames,
                &bases,
                &mut context,
                address,
                EhFrame::cie_from_offset,
            )
            .ok()?;
        state.caller(row, stack)
    }

    fn module(&mut self, address: u64) -> Option<&Module> {
        let path = self.mapping(address)?.path.clone();
        if !self.modules.contains_key(&path) {
            let module = Module::load(self.pid, &self.mappings, &path);
            self.modules.insert(path.clone(), module);
        }
        self.modules.get(&path)?.as_ref()
    }

    fn mapping(&self, address: u64) -> Option<&Mapping> {
        self.mappings.iter().find(|mapping| mapping.range.contains(&address))
    }
}

impl Module {
    fn load(pid: i32, mappings: &[Mapping], path: &str) -> Option<Self> {
        let image = Image::load(pid, mappings, path)?;
        let (header_at, length) = image.unwinding?;
        let header = memory::read(pid, header_at, length)?;
        let bases = BaseAddresses::default().set_eh_frame_hdr(header_at);
        let parsed = EhFrameHdr::new(&header, LittleEndian).parse(&bases, 8).ok()?;
        let frames_at = parsed.eh_frame_ptr().direct().ok()?;
        let end = mappings.iter().find(|one| one.range.contains(&frames_at))?.range.end;
        let length = usize::try_from(end - frames_at).ok()?;
        let frames = memory::read_some(pid, frames_at, length);
        Some(Self { header_at, header, frames_at, frames })
    }
}

/// Where the parts of an executable or library lie in a process.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// What to add to the addresses of the file.
    pub(crate) bias: u64,
    /// Where the table for unwinding is, and its length.
    unwinding: Option<(u64, usize)>,
}

/// Bytes of a program header of a 64-bit file.
const PROGRAM_HEADER: usize = 56;

impl Image {
    /// Reads the program headers of the file that is mapped as `path`.
    pub(crate) fn load(pid: i32, mappings: &[Mapping], path: &str) -> Option<Self> {
        if !path.starts_with('/') {
            return None;
        }
        let first = mappings.iter().find(|one| one.path == path && one.offset == 0)?;
        let base = first.range.start;
        let head = memory::read(pid, base, 64)?;
        let (at, size, count) = (long(&head, 32)?, short(&head, 54)?, short(&head, 56)?);
        // Any file can be mapped: what it says of itself is the program's doing.
        if usize::from(size) != PROGRAM_HEADER {
            return None;
        }
        let table = base.checked_add(at)?;
        let table = memory::read(pid, table, PROGRAM_HEADER * usize::from(count))?;
        let headers: Vec<_> = table.chunks_exact(PROGRAM_HEADER).collect();
        let of_kind =
            |kind: u32| headers.iter().find(move |one| one.starts_with(&kind.to_le_bytes()));
        let bias = base.checked_sub(long(of_kind(libc::PT_LOAD)?, 16)? & !4095)?;
        let unwinding = of_kind(libc::PT_GNU_EH_FRAME).and_then(|one| {
            let address = bias.checked_add(long(one, 16)?)?;
            Some((address, usize::try_from(long(one, 40)?).ok()?))
        });
        Some(Self { bias, unwinding })
    }
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// The registers that survive calls, by their DWARF numbers.
#[derive(Clone, Debug)]
struct Registers {
    values: [u64; KEPT.end as usize],
    pc: u64,
}

impl Registers {
    fn of(from: &arch::Registers) -> Self {
        Self { values: from.kept(), pc: from.pc() }
    }

    fn get(&self, register: Register) -> u64 {
        self.values.get(usize::from(register.0)).copied().unwrap_or(0)
    }

    fn caller(&self, row: &UnwindTableRow<usize>, stack: &Stack) -> Option<Self> {
        let CfaRule::RegisterAndOffset { register, offset } = row.cfa() else { return None };
        let end = self.get(*register).wrapping_add_signed(*offset);
        let mut caller = self.clone();
        for number in KEPT {
            if let Some(RegisterRule::Offset(offset)) = row.register(Register(number)) {
                caller.values[usize::from(number)] = stack.word(end.wrapping_add_signed(offset))?;
            }
        }
        caller.values[usize::from(STACK_POINTER.0)] = end;
        caller.pc = match row.register(RETURN_ADDRESS) {
            Some(RegisterRule::Offset(offset)) => stack.word(end.wrapping_add_signed(offset))?,
            Some(RegisterRule::Undefined) => 0,
            // A function that calls no other may leave it where the call has put it.
            _ if usize::from(RETURN_ADDRESS.0) < self.values.len() => self.get(RETURN_ADDRESS),
            _ => return None,
        };
        caller.pc = arch::plain_address(caller.pc);
        Some(caller)
    }
}
