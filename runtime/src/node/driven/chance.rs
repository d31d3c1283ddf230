/// Chance that replays: the same seed and label give the same row of choices.
#[derive(Clone, Debug)]
pub struct Chance(fastrand::Rng);

impl Chance {
    /// The row of choices named `label` of a seed. Rows of different labels have
    /// nothing to do with each other.
    pub fn new(seed: u64, label: &str) -> Self {
        // FNV-1a: a hasher of the standard library may change between releases.
        let bytes = seed.to_le_bytes();
        let hash = bytes
            .iter()
            .chain(label.as_bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        Chance(fastrand::Rng::with_seed(hash))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number below `limit`; 0 if that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        match limit {
            0 => 0,
            limit => self.0.u64(..limit),
        }
    }

    /// `true` about once in `times`; always if that is 0 or 1.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of several; `None` if there is none.
    pub fn pick<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        several.get(self.below(several.len() as u64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_replays_and_rows_differ() {
        let row = |seed, label| {
            let mut chance = Chance::new(seed, label);
            (0..8).map(|_| chance.number()).collect::<Vec<_>>()
        };
        assert_eq!(row(1, "a"), row(1, "a"));
        assert_ne!(row(1, "a"), row(1, "b"));
        assert_ne!(row(1, "a"), row(2, "a"));
    }

    #[test]
    fn nothing_to_choose_from_is_no_error() {
        let mut chance = Chance::new(1, "a");
        assert_eq!(chance.below(0), 0);
        assert!(chance.once_in(0));
        assert_eq!(chance.pick::<u8>(&[]), None);
    }
}
