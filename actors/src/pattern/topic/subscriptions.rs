use std::hash::Hash;

use super::pattern::{Matching, Pattern};
use super::prefixes::Prefixes;
use super::token_tree::TokenTree;

/// Who wants which topics; `K` is the key of a subscriber.
///
/// Its memory is bounded by the bytes of the patterns, beside a few hundred bytes for each,
/// and is given back when the last pattern goes.
#[derive(Debug)]
pub(crate) struct Subscriptions<K> {
    prefixes: Prefixes<K>,
    tokens: TokenTree<K>,
    len: usize,
}

impl<K> Default for Subscriptions<K> {
    fn default() -> Self {
        Subscriptions {
            prefixes: Prefixes::default(),
            tokens: TokenTree::default(),
            len: 0,
        }
    }
}

impl<K: Copy + Eq + Hash> Subscriptions<K> {
    /// One wants these topics; `true` if it did not have this very pattern. It is counted
    /// how often one adds the same.
    pub(crate) fn add(&mut self, pattern: &Pattern, key: K) -> bool {
        let is_new = match pattern.matching() {
            Matching::Prefix => self.prefixes.add(pattern.bytes(), key),
            Matching::Tokens => self.tokens.add(pattern.bytes(), key),
        };
        self.len += usize::from(is_new);
        is_new
    }

    /// One takes a pattern back once; `true` if it has it no more. One that it does not have
    /// changes nothing.
    pub(crate) fn remove(&mut self, pattern: &Pattern, key: K) -> bool {
        self.take(pattern, key, false)
    }

    /// One has a pattern no more, however often it added it; `true` if it had it.
    pub(crate) fn remove_all(&mut self, pattern: &Pattern, key: K) -> bool {
        self.take(pattern, key, true)
    }

    fn take(&mut self, pattern: &Pattern, key: K, all: bool) -> bool {
        let was_last = match pattern.matching() {
            Matching::Prefix => self.prefixes.remove(pattern.bytes(), key, all),
            Matching::Tokens => self.tokens.remove(pattern.bytes(), key, all),
        };
        self.len -= usize::from(was_last);
        if was_last && self.is_empty() {
            *self = Self::default();
        }
        was_last
    }

    /// Visits who wants a topic, once for each of its patterns that match.
    pub(crate) fn matching(&self, topic: &[u8], mut visit: impl FnMut(K)) {
        self.prefixes.matching(topic, &mut visit);
        self.tokens.matching(topic, &mut visit);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many patterns all have, each counted for everybody that has it, once.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[cfg(test)]
    pub(super) fn nodes(&self) -> usize {
        self.tokens.nodes()
    }
}
