use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::holders::Holders;

/// Who wants topics that begin with which prefix.
///
/// A topic is looked up once for each length that a prefix has, however many there are.
#[derive(Debug)]
pub(super) struct Prefixes<K> {
    prefixes: HashMap<Box<[u8]>, Option<Holders<K>>>,
    /// How many prefixes have each length.
    lengths: BTreeMap<usize, usize>,
}

impl<K> Default for Prefixes<K> {
    fn default() -> Self {
        Prefixes {
            prefixes: HashMap::new(),
            lengths: BTreeMap::new(),
        }
    }
}

impl<K: Copy + Eq + Hash> Prefixes<K> {
    pub(super) fn add(&mut self, prefix: &[u8], key: K) -> bool {
        if let Some(holders) = self.prefixes.get_mut(prefix) {
            return Holders::add(holders, key);
        }
        let holders = self.prefixes.entry(prefix.into()).or_default();
        *self.lengths.entry(prefix.len()).or_default() += 1;
        Holders::add(holders, key)
    }

    pub(super) fn remove(&mut self, prefix: &[u8], key: K, all: bool) -> bool {
        let Some(holders) = self.prefixes.get_mut(prefix) else {
            return false;
        };
        let was_last = Holders::remove(holders, key, all);
        if holders.is_none() {
            self.prefixes.remove(prefix);
            let of_length = self.lengths.entry(prefix.len()).or_default();
            *of_length -= 1;
            if *of_length == 0 {
                self.lengths.remove(&prefix.len());
            }
        }
        was_last
    }

    pub(super) fn matching(&self, topic: &[u8], visit: &mut impl FnMut(K)) {
        for &length in self.lengths.keys() {
            let Some(prefix) = topic.get(..length) else {
                return;
            };
            if let Some(Some(holders)) = self.prefixes.get(prefix) {
                holders.visit(visit);
            }
        }
    }
}
