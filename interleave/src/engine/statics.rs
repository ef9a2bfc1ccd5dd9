//! Puts a program's statics back before each schedule, those that no model knows included.
//!
//! What a model knows starts anew by itself, see [`super::object`]. But a `static mut`, a
//! cell of another crate that is made when first used, or anything else that can change behind
//! a shared reference would carry what one schedule did into the next. So the bytes of
//! every static of the crates under test are kept as they were before the first schedule and
//! written back before each. They are found by their names in the executable's symbol table.
//! What a schedule left in them is leaked, as at the end of a program.

#![expect(unsafe_code, reason = "statics are put back by copying their first bytes")]

use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// The statics of the crates under test, as they were.
pub(crate) struct Statics(Vec<Image>);

static REMEMBERED: OnceLock<Option<Statics>> = OnceLock::new();

/// Remembers the statics of `krate`, and of the crates that `INTERLEAVE_CRATES` names, unless
/// that was done: before the first schedule of this process.
pub(crate) fn remember(krate: &str) {
    REMEMBERED.get_or_init(|| {
        let others = std::env::var("INTERLEAVE_CRATES").unwrap_or_default();
        let crates: Vec<&str> = others.split(',').chain([krate]).collect();
        Statics::of(&crates)
    });
}

/// Puts back what was remembered.
pub(crate) fn put_back() {
    if let Some(Some(statics)) = REMEMBERED.get() {
        statics.put_back();
    }
}

struct Image {
    at: usize,
    bytes: Box<[MaybeUninit<u8>]>,
}

impl Statics {
    /// Remembers the statics of `crates` as they are. None if the executable has no symbols.
    fn of(crates: &[&str]) -> Option<Self> {
        let executable = std::fs::read("/proc/self/exe").ok()?;
        let symbols = symbols(&executable)?;
        let bias = bias();
        let writable = super::object::statics();
        let ours = symbols.filter(|symbol| {
            symbol.size > 0 && crates.iter().any(|name| belongs(symbol.name, name))
        });
        let image = |symbol: Symbol<'_>| {
            let start = bias.wrapping_add(symbol.address);
            let end = start.checked_add(symbol.size)?;
            writable.iter().find(|range| range.start <= start && end <= range.end)?;
            let bytes = start as *const MaybeUninit<u8>;
            // SAFETY: the bytes are those of a static of this program, within a segment that
            // is mapped, and no other thread runs meanwhile.
            let bytes = unsafe { std::slice::from_raw_parts(bytes, symbol.size) };
            Some(Image { at: start, bytes: bytes.into() })
        };
        Some(Self(ours.filter_map(image).collect()))
    }

    /// Puts all of them back.
    fn put_back(&self) {
        for image in &self.0 {
            let size = image.bytes.len();
            // SAFETY: as above, and the bytes were valid there before. Those of statics that
            // never change may be read-only by now, and are equal.
            unsafe {
                let now = std::slice::from_raw_parts(image.at as *const u8, size);
                let before = std::slice::from_raw_parts(image.bytes.as_ptr().cast::<u8>(), size);
                if now != before {
                    let at = image.at as *mut MaybeUninit<u8>;
                    std::ptr::copy_nonoverlapping(image.bytes.as_ptr(), at, size);
                }
            }
        }
    }
}

/// Whether a mangled name, of either kind that rustc makes, is of something in `krate`.
fn belongs(symbol: &str, krate: &str) -> bool {
    let part = format!("{}{krate}", krate.len());
    if let Some(rest) = symbol.strip_prefix("_ZN") {
        return rest.starts_with(&part);
    }
    // `C` begins the crate's root: `Cs4fqI2P2rA04_8explored`, or without a number `C8explored`.
    symbol.strip_prefix("_R").is_some_and(|rest| {
        rest.match_indices(&part).any(|(at, _)| {
            rest[..at].ends_with('C') || (rest[..at].ends_with('_') && rest[..at].contains("Cs"))
        })
    })
}

struct Symbol<'a> {
    name: &'a str,
    address: usize,
    size: usize,
}

/// The data objects in the symbol table of a 64-bit little-endian ELF file.
fn symbols(elf: &[u8]) -> Option<impl Iterator<Item = Symbol<'_>>> {
    const SYMBOL_TABLE: u32 = 2;
    const DATA: u8 = 1;
    if !elf.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let (headers, size, count) = (word(elf, 40)?, half(elf, 58)?, half(elf, 60)?);
    let header = |index: usize| elf.get(headers + index * size..)?.get(..64);
    let table =
        (0..count).filter_map(header).find(|header| int(header, 4) == Some(SYMBOL_TABLE))?;
    let names = header(int(table, 40)? as usize)?;
    let content = |header: &[u8]| elf.get(word(header, 24)?..)?.get(..word(header, 32)?);
    let (table, names) = (content(table)?, content(names)?);
    let symbol = |entry: &'_ [u8]| {
        let data = entry.get(4)? & 0xf == DATA;
        let name = names.get(int(entry, 0)? as usize..).filter(|_| data)?;
        let name = name.split(|&byte| byte == 0).next()?;
        let name = std::str::from_utf8(name).ok()?;
        Some((name, word(entry, 8)?, word(entry, 16)?))
    };
    let found: Vec<_> = table.chunks_exact(24).filter_map(symbol).collect();
    Some(found.into_iter().map(|(name, address, size)| Symbol { name, address, size }))
}

fn half(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn int(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?)).ok()
}

/// How far the executable lies from where it was linked for.
#[cfg(target_os = "linux")]
fn bias() -> usize {
    unsafe extern "C" fn first(
        info: *mut libc::dl_phdr_info,
        _size: libc::size_t,
        bias: *mut libc::c_void,
    ) -> libc::c_int {
        // SAFETY: the loader passes a valid description, and `bias` is the number below.
        unsafe { *bias.cast::<usize>() = (*info).dlpi_addr as usize };
        1
    }
    let mut bias = 0_usize;
    // SAFETY: `first` matches the signature, and `bias` outlives the call. The executable is
    // the first object of all.
    unsafe { libc::dl_iterate_phdr(Some(first), (&raw mut bias).cast()) };
    bias
}

#[cfg(not(target_os = "linux"))]
fn bias() -> usize {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_belongs_to_the_crate_that_its_name_begins_with() {
        assert!(belongs("_ZN8explored5COUNT17h0123456789abcdefE", "explored"));
        assert!(belongs("_RNvCs4fqI2P2rA04_8explored5COUNT", "explored"));
        assert!(belongs("_RNvNtC8explored3foo5COUNT", "explored"));
        assert!(!belongs("_ZN3std8explored5COUNT17h0123456789abcdefE", "explored"));
        assert!(!belongs("_RNvNtCs4fqI2P2rA04_3std8explored5COUNT", "explored"));
        assert!(!belongs("COUNT", "explored"));
    }

    #[test]
    fn what_is_no_executable_has_no_symbols() {
        assert!(symbols(b"").is_none());
        assert!(symbols(b"\x7fELF\x02\x01").is_none());
    }
}
