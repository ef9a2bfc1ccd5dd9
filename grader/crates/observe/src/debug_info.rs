//! Debug information of one executable or library: which variables are in scope at an
//! address, where they lie, and how their types are laid out.
//!
//! Of code from elsewhere (the standard library, dependencies) nothing is read.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use gimli::{
    self, AttributeValue, DebuggingInformationEntry, EndianRcSlice, EntriesTreeNode,
    EvaluationResult, Expression, LittleEndian, Location, Reader as _, UnitOffset, Value,
};
use object::{Object, ObjectSection, ReadCache};
use observation::Place;

use crate::memory;
use crate::stacks::Frame;
use crate::symbols::is_foreign;

type Reader = EndianRcSlice<LittleEndian>;
type Entry = DebuggingInformationEntry<Reader>;

/// The debug information of one file.
pub(crate) struct DebugInfo {
    dwarf: gimli::Dwarf<Reader>,
    units: Vec<Unit>,
}

/// What was compiled together.
struct Unit {
    data: gimli::Unit<Reader>,
    ranges: Vec<Range<u64>>,
    shapes: RefCell<HashMap<UnitOffset, Rc<Shape>>>,
}

/// A type, within the unit that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Kind {
    unit: usize,
    offset: UnitOffset,
}

/// A variable of a function that a task executes.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: String,
    /// Where it is declared.
    pub(crate) place: Place,
    /// Where it lies in the process.
    pub(crate) address: u64,
    /// Its type.
    pub(crate) kind: Kind,
    /// Whether it came in from the caller.
    pub(crate) is_parameter: bool,
    /// Where the code begins, in the process, in which it is in scope; none if the task is
    /// not in there, so that what lies at the address is left from before.
    pub(crate) scope: Option<u64>,
}

/// How a type is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Parts at offsets; those of all variants of an enum.
    Struct {
        /// Its name, with its parameters.
        name: String,
        /// In bytes.
        size: u64,
        /// Its parts.
        members: Vec<Member>,
        /// Its first parameter.
        item: Option<Kind>,
    },
    /// The address of something.
    Pointer(Kind),
    /// Many of the same.
    Array(Kind, u64),
    /// A number, or what is unknown.
    Plain(u64),
}

/// A part of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) kind: Kind,
}

/// A frame of a held task.
#[derive(Clone, Copy)]
struct Site<'a> {
    pid: i32,
    /// What to add to the addresses of the file.
    bias: u64,
    /// The address within the file.
    probe: u64,
    frame: &'a Frame,
}

impl DebugInfo {
    /// Reads the file at `path`; none if it has no debug information.
    pub(crate) fn load(path: &str) -> Option<Self> {
        let file = ReadCache::new(File::open(path).ok()?);
        let object = object::File::parse(&file).ok()?;
        let section = |id: gimli::SectionId| -> Result<Reader, gimli::Error> {
            let section = object.section_by_name(id.name());
            let data = section.and_then(|section| section.uncompressed_data().ok());
            Ok(Reader::new(Rc::from(&*data.unwrap_or_default()), LittleEndian))
        };
        let dwarf = gimli::Dwarf::load(section).ok()?;
        let mut units = Vec::new();
        let mut headers = dwarf.units();
        while let Ok(Some(header)) = headers.next() {
            let Ok(data) = dwarf.unit(header) else { continue };
            let directory = data.comp_dir.as_ref().map(text).unwrap_or_default();
            if is_foreign(&directory) {
                continue;
            }
            let mut ranges = Vec::new();
            if let Ok(mut all) = dwarf.unit_ranges(&data) {
                while let Ok(Some(range)) = all.next() {
                    ranges.push(range.begin..range.end);
                }
            }
            units.push(Unit { data, ranges, shapes: RefCell::default() });
        }
        Some(Self { dwarf, units })
    }

    /// The program's own variables of the function that a frame of process `pid` executes,
    /// where the file is loaded at `bias`.
    pub(crate) fn variables(&self, pid: i32, bias: u64, frame: &Frame) -> Vec<Variable> {
        let site = Site { pid, bias, probe: frame.address.wrapping_sub(bias), frame };
        let mut found = Vec::new();
        for (index, unit) in self.units.iter().enumerate() {
            if unit.ranges.iter().any(|range| range.contains(&site.probe)) {
                let _ = self.in_unit(index, site, &mut found);
            }
        }
        found
    }

    /// The static variable that holds `address`, where the file is loaded at `bias`.
    pub(crate) fn static_at(&self, bias: u64, address: u64) -> Option<Variable> {
        let wanted = address.checked_sub(bias)?;
        (0..self.units.len()).find_map(|index| self.static_in(index, bias, wanted).ok()?)
    }

    /// How a type is laid out.
    pub(crate) fn shape(&self, kind: Kind) -> Rc<Shape> {
        let unit = &self.units[kind.unit];
        if let Some(known) = unit.shapes.borrow().get(&kind.offset) {
            return known.clone();
        }
        let shape = Rc::new(self.read_shape(kind).unwrap_or(Shape::Plain(0)));
        unit.shapes.borrow_mut().insert(kind.offset, shape.clone());
        shape
    }

    /// Its size in bytes.
    pub(crate) fn size(&self, kind: Kind) -> u64 {
        match &*self.shape(kind) {
            Shape::Struct { size, .. } | Shape::Plain(size) => *size,
            Shape::Pointer(_) => 8,
            Shape::Array(item, count) => self.size(*item).saturating_mul(*count),
        }
    }

    fn in_unit(
        &self,
        index: usize,
        site: Site<'_>,
        found: &mut Vec<Variable>,
    ) -> gimli::Result<()> {
        let unit = &self.units[index].data;
        let mut tree = unit.header.entries_tree(&unit.abbreviations, None)?;
        self.descend(index, tree.root()?, site, (None, None), found)
    }

    /// Goes down to the function that is being executed, and all of its blocks.
    fn descend(
        &self,
        index: usize,
        node: EntriesTreeNode<'_, '_, Reader>,
        site: Site<'_>,
        (base, scope): (Option<u64>, Option<u64>),
        found: &mut Vec<Variable>,
    ) -> gimli::Result<()> {
        let mut children = node.children();
        while let Some(child) = children.next()? {
            let entry = child.entry();
            match entry.tag() {
                gimli::DW_TAG_namespace
                | gimli::DW_TAG_structure_type
                | gimli::DW_TAG_enumeration_type
                    if base.is_none() =>
                {
                    self.descend(index, child, site, (base, scope), found)?;
                }
                gimli::DW_TAG_subprogram => {
                    let scope = self.begin(index, entry, site.probe);
                    if scope.is_some() {
                        let base = self.frame_base(index, entry, site);
                        self.descend(index, child, site, (base, scope), found)?;
                    }
                }
                gimli::DW_TAG_lexical_block | gimli::DW_TAG_inlined_subroutine
                    if base.is_some() =>
                {
                    let scope = scope.and_then(|_| self.begin(index, entry, site.probe));
                    self.descend(index, child, site, (base, scope), found)?;
                }
                gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter if base.is_some() => {
                    let scope = scope.map(|scope| scope.wrapping_add(site.bias));
                    let variable = self.variable(index, entry, site, base);
                    found.extend(variable.map(|one| Variable { scope, ..one }));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the code of a function or block begins, if the address is in it.
    fn begin(&self, index: usize, entry: &Entry, probe: u64) -> Option<u64> {
        let mut ranges = self.dwarf.die_ranges(&self.units[index].data, entry).ok()?;
        let (mut first, mut inside) = (u64::MAX, false);
        while let Ok(Some(range)) = ranges.next() {
            first = first.min(range.begin);
            inside |= (range.begin..range.end).contains(&probe);
        }
        inside.then_some(first)
    }

    fn frame_base(&self, index: usize, entry: &Entry, site: Site<'_>) -> Option<u64> {
        let expression = entry.attr_value(gimli::DW_AT_frame_base)?.exprloc_value()?;
        match self.evaluate(index, expression, site, None)? {
            Location::Address { address } => Some(address),
            Location::Register { register } => site.frame.register(register.0),
            _ => None,
        }
    }

    fn variable(
        &self,
        index: usize,
        entry: &Entry,
        site: Site<'_>,
        base: Option<u64>,
    ) -> Option<Variable> {
        let address = self.location(index, entry, site, base)?;
        self.declared(index, entry, address)
    }

    /// A variable at an address, if the program itself declares it.
    fn declared(&self, index: usize, entry: &Entry, address: u64) -> Option<Variable> {
        let unit = &self.units[index].data;
        let origin = match entry.attr_value(gimli::DW_AT_abstract_origin) {
            Some(AttributeValue::UnitRef(offset)) => {
                Some(unit.header.entry(&unit.abbreviations, offset).ok()?)
            }
            _ => None,
        };
        let attribute = |name| entry.attr_value(name).or_else(|| origin.as_ref()?.attr_value(name));
        let name = self.string(index, attribute(gimli::DW_AT_name)?)?;
        let AttributeValue::UnitRef(offset) = attribute(gimli::DW_AT_type)? else { return None };
        let AttributeValue::FileIndex(file) = attribute(gimli::DW_AT_decl_file)? else {
            return None;
        };
        let line = attribute(gimli::DW_AT_decl_line)?.udata_value()?;
        let file = self.file(index, file)?;
        if is_foreign(&file.to_string_lossy()) {
            return None;
        }
        let place = Place { file, line: u32::try_from(line).ok()?, function: None };
        let is_parameter = entry.tag() == gimli::DW_TAG_formal_parameter;
        let kind = Kind { unit: index, offset };
        Some(Variable { name, place, address, kind, is_parameter, scope: None })
    }

    fn location(
        &self,
        index: usize,
        entry: &Entry,
        site: Site<'_>,
        base: Option<u64>,
    ) -> Option<u64> {
        let attribute = entry.attr_value(gimli::DW_AT_location)?;
        let at = |expression| match self.evaluate(index, expression, site, base)? {
            Location::Address { address } => Some(address),
            _ => None,
        };
        if let Some(expression) = attribute.exprloc_value() {
            return at(expression);
        }
        let mut list = self.dwarf.attr_locations(&self.units[index].data, attribute).ok()??;
        while let Some(one) = list.next().ok()? {
            // What a call was given in a register stands elsewhere once the call has returned,
            // and most often before.
            if one.range.end > site.probe
                && let Some(address) = at(one.data)
            {
                return Some(address);
            }
        }
        None
    }

    fn evaluate(
        &self,
        index: usize,
        expression: Expression<Reader>,
        site: Site<'_>,
        base: Option<u64>,
    ) -> Option<Location<Reader>> {
        let mut evaluation = expression.evaluation(self.units[index].data.encoding());
        let mut state = evaluation.evaluate().ok()?;
        loop {
            state = match state {
                EvaluationResult::Complete => break,
                EvaluationResult::RequiresFrameBase => evaluation.resume_with_frame_base(base?),
                EvaluationResult::RequiresCallFrameCfa => {
                    evaluation.resume_with_call_frame_cfa(site.frame.end)
                }
                EvaluationResult::RequiresRegister { register, .. } => {
                    let value = site.frame.register(register.0)?;
                    evaluation.resume_with_register(Value::Generic(value))
                }
                EvaluationResult::RequiresMemory { address, size: 8, .. } => {
                    let value = memory::word(site.pid, address)?;
                    evaluation.resume_with_memory(Value::Generic(value))
                }
                EvaluationResult::RequiresRelocatedAddress(address) => {
                    evaluation.resume_with_relocated_address(address.wrapping_add(site.bias))
                }
                _ => return None,
            }
            .ok()?;
        }
        let mut pieces = evaluation.result();
        (pieces.len() == 1).then(|| pieces.remove(0).location)
    }

    fn static_in(&self, index: usize, bias: u64, wanted: u64) -> gimli::Result<Option<Variable>> {
        let unit = &self.units[index].data;
        let mut entries = unit.header.entries(&unit.abbreviations);
        while let Some(entry) = entries.next_dfs()? {
            if entry.tag() != gimli::DW_TAG_variable {
                continue;
            }
            let Some(at) = static_address(entry) else { continue };
            let found = self.declared(index, entry, bias.wrapping_add(at));
            let found =
                found.filter(|one| (at..at.saturating_add(self.size(one.kind))).contains(&wanted));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    fn read_shape(&self, kind: Kind) -> Option<Shape> {
        let unit = &self.units[kind.unit].data;
        let mut tree = unit.header.entries_tree(&unit.abbreviations, Some(kind.offset)).ok()?;
        let root = tree.root().ok()?;
        let entry = root.entry();
        let size = entry.attr_value(gimli::DW_AT_byte_size).and_then(|size| size.udata_value());
        match entry.tag() {
            gimli::DW_TAG_pointer_type | gimli::DW_TAG_reference_type => {
                Some(Shape::Pointer(type_of(kind, entry)?))
            }
            gimli::DW_TAG_typedef | gimli::DW_TAG_const_type | gimli::DW_TAG_volatile_type => {
                Some((*self.shape(type_of(kind, entry)?)).clone())
            }
            gimli::DW_TAG_array_type => {
                let item = type_of(kind, entry)?;
                Some(Shape::Array(item, count(root).unwrap_or(0)))
            }
            gimli::DW_TAG_structure_type | gimli::DW_TAG_class_type | gimli::DW_TAG_union_type => {
                let name = entry.attr_value(gimli::DW_AT_name);
                let name = name.and_then(|name| self.string(kind.unit, name)).unwrap_or_default();
                let (mut members, mut item) = (Vec::new(), None);
                self.parts(kind, root, &mut members, &mut item).ok()?;
                Some(Shape::Struct { name, size: size?, members, item })
            }
            _ => Some(Shape::Plain(size.unwrap_or(0))),
        }
    }

    fn parts(
        &self,
        kind: Kind,
        node: EntriesTreeNode<'_, '_, Reader>,
        members: &mut Vec<Member>,
        item: &mut Option<Kind>,
    ) -> gimli::Result<()> {
        let mut children = node.children();
        while let Some(child) = children.next()? {
            let entry = child.entry();
            match entry.tag() {
                gimli::DW_TAG_member => members.extend(self.member(kind, entry)),
                gimli::DW_TAG_template_type_parameter if item.is_none() => {
                    *item = type_of(kind, entry);
                }
                gimli::DW_TAG_variant_part | gimli::DW_TAG_variant => {
                    self.parts(kind, child, members, item)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn member(&self, of: Kind, entry: &Entry) -> Option<Member> {
        let kind = type_of(of, entry)?;
        let offset = entry.attr_value(gimli::DW_AT_data_member_location);
        let offset = offset.and_then(|offset| offset.udata_value()).unwrap_or(0);
        let name = entry.attr_value(gimli::DW_AT_name);
        let name = name.and_then(|name| self.string(of.unit, name)).unwrap_or_default();
        Some(Member { name, offset, kind })
    }

    fn string(&self, index: usize, value: AttributeValue<Reader>) -> Option<String> {
        self.dwarf.attr_string(&self.units[index].data, value).ok().as_ref().map(text)
    }

    fn file(&self, index: usize, file: u64) -> Option<PathBuf> {
        let unit = &self.units[index].data;
        let header = unit.line_program.as_ref()?.header();
        let file = header.file(file)?;
        let mut path = PathBuf::from(unit.comp_dir.as_ref().map(text).unwrap_or_default());
        if let Some(directory) = file.directory(header) {
            path.push(self.string(index, directory)?);
        }
        path.push(self.string(index, file.path_name())?);
        Some(path)
    }
}

/// The type of an entry of the same unit.
fn type_of(kind: Kind, entry: &Entry) -> Option<Kind> {
    match entry.attr_value(gimli::DW_AT_type)? {
        AttributeValue::UnitRef(offset) => Some(Kind { offset, ..kind }),
        _ => None,
    }
}

/// The address of a variable whose location is that and nothing else.
fn static_address(entry: &Entry) -> Option<u64> {
    const ADDRESS: u8 = 3;
    let expression = entry.attr_value(gimli::DW_AT_location)?.exprloc_value()?;
    let bytes = expression.0.to_slice().ok()?;
    match bytes.split_first()? {
        (&ADDRESS, address) => Some(u64::from_le_bytes(address.try_into().ok()?)),
        _ => None,
    }
}

fn count(array: EntriesTreeNode<'_, '_, Reader>) -> Option<u64> {
    let mut children = array.children();
    while let Some(child) = children.next().ok()? {
        let entry = child.entry();
        let number = |name| entry.attr_value(name).and_then(|value| value.udata_value());
        if let Some(count) = number(gimli::DW_AT_count) {
            return Some(count);
        }
        if let Some(last) = number(gimli::DW_AT_upper_bound) {
            return last.checked_add(1);
        }
    }
    None
}

fn text(reader: &Reader) -> String {
    reader.to_string_lossy().map(std::borrow::Cow::into_owned).unwrap_or_default()
}
