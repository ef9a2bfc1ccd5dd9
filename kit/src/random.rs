use std::ops::RangeInclusive;

/// A small, seeded source of sizes and inputs: the same seed, the same case.
///
/// SplitMix64 (Steele, Lea and Flood, 2014), which is more than good enough to
/// pick sizes and never changes under us.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The source for one case.
    pub fn seeded(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number in `range`, both ends included.
    pub fn pick(&mut self, range: RangeInclusive<usize>) -> usize {
        let span = range.end() - range.start();
        let offset = (u128::from(self.next()) * (span as u128 + 1)) >> 64;
        // The product's upper half is at most `span`, a usize.
        range.start() + offset as usize
    }

    /// `count` numbers from -1000 to 1000.
    pub fn numbers(&mut self, count: usize) -> Vec<i64> {
        (0..count).map(|_| self.pick(0..=2000) as i64 - 1000).collect()
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| Random::seeded(seed).numbers(20);
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn a_range_is_covered_and_never_left() {
        let mut random = Random::seeded(1);
        let picked: BTreeSet<_> = (0..200).map(|_| random.pick(3..=6)).collect();
        assert_eq!(picked, BTreeSet::from([3, 4, 5, 6]));
    }
}
