use std::hash::Hash;

use indexmap::IndexMap;

/// Who has one pattern, and how often; at least one has it.
///
/// Most patterns have one holder, who takes no memory elsewhere; many stand side by side, to
/// be gone through fast.
#[derive(Debug)]
pub(super) enum Holders<K> {
    One { key: K, count: u64 },
    Many(Box<IndexMap<K, u64>>),
}

impl<K: Copy + Eq + Hash> Holders<K> {
    /// Each of them once.
    pub(super) fn visit(&self, visit: &mut impl FnMut(K)) {
        match self {
            Holders::One { key, .. } => visit(*key),
            Holders::Many(many) => many.keys().copied().for_each(visit),
        }
    }

    /// One has it once more; `true` if it did not have it.
    pub(super) fn add(holders: &mut Option<Self>, key: K) -> bool {
        match holders {
            None => *holders = Some(Holders::One { key, count: 1 }),
            Some(Holders::One { key: only, count }) if *only == key => {
                *count += 1;
                return false;
            }
            Some(Holders::One { key: first, count }) => {
                let both = IndexMap::from_iter([(*first, *count), (key, 1)]);
                *holders = Some(Holders::Many(Box::new(both)));
            }
            Some(Holders::Many(many)) => {
                let count = many.entry(key).or_default();
                *count += 1;
                return *count == 1;
            }
        }
        true
    }

    /// One has it once less, or no more at all if it is `all`; `true` if it had it until now.
    pub(super) fn remove(holders: &mut Option<Self>, key: K, all: bool) -> bool {
        let Some(count) = holders.as_mut().and_then(|holders| holders.count(key)) else {
            return false;
        };
        *count -= 1;
        if *count > 0 && !all {
            return false;
        }
        match holders {
            Some(Holders::Many(many)) => {
                many.swap_remove(&key);
                if let (1, Some((&key, &count))) = (many.len(), many.first()) {
                    *holders = Some(Holders::One { key, count });
                }
            }
            _ => *holders = None,
        }
        true
    }

    fn count(&mut self, key: K) -> Option<&mut u64> {
        match self {
            Holders::One { key: only, count } => (*only == key).then_some(count),
            Holders::Many(many) => many.get_mut(&key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visited(holders: &Option<Holders<u8>>) -> Vec<u8> {
        let mut visited = Vec::new();
        if let Some(holders) = holders {
            holders.visit(&mut |key| visited.push(key));
        }
        visited
    }

    #[test]
    fn each_counts_how_often_it_has_the_pattern() {
        let mut holders = None;
        for (key, is_new) in [(1, true), (1, false), (2, true), (1, false), (3, true)] {
            assert_eq!(Holders::add(&mut holders, key), is_new, "{key}");
        }
        assert_eq!(visited(&holders), [1, 2, 3]);
        for (key, was_last) in [(1, false), (2, true), (2, false), (3, true), (1, false)] {
            assert_eq!(Holders::remove(&mut holders, key, false), was_last, "{key}");
        }
        assert_eq!(visited(&holders), [1]);
        assert!(Holders::remove(&mut holders, 1, false));
        assert!(holders.is_none());
        assert!(!Holders::remove(&mut holders, 1, false));
    }

    #[test]
    fn one_may_be_taken_out_however_often_it_has_the_pattern() {
        let mut holders = None;
        for key in [1, 1, 2, 2] {
            Holders::add(&mut holders, key);
        }
        assert!(Holders::remove(&mut holders, 1, true));
        assert_eq!(visited(&holders), [2]);
        assert!(Holders::remove(&mut holders, 2, true));
        assert!(holders.is_none());
    }
}
