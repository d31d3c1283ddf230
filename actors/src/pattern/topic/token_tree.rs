use std::hash::Hash;
use std::mem::take;

use indexmap::{Equivalent, IndexMap};
use memchr::{memchr, memrchr};
use slab::Slab;

use super::holders::Holders;
use super::pattern::{ANY, PATTERN_BYTES_MAX, REST, pass, tokens};

/// Who wants topics of which tokens.
///
/// Patterns that begin alike share nodes; tokens that no pattern ends after, and after which
/// none branches off, share one as well. So there are at most two nodes a pattern, however
/// many tokens it has.
///
/// A node is entered at most once for one topic, and the way back is found by what the nodes
/// know: matching takes neither memory nor a deep stack.
#[derive(Debug)]
pub(super) struct TokenTree<K> {
    nodes: Slab<Node<K>>,
    /// The children whose first token is not `*`.
    literals: IndexMap<Edge, usize>,
    root: usize,
}

#[derive(Debug)]
struct Node<K> {
    parent: usize,
    /// The tokens after the parent's, at least one, except for the root.
    label: Box<[u8]>,
    /// The child whose first token is `*`.
    any: Option<usize>,
    children: usize,
    /// The keys of all children, joined by exclusive or: the key of the child if there is one.
    children_joined: usize,
    /// Who wants the topics that end here.
    exact: Option<Holders<K>>,
    /// Who wants those that go on.
    longer: Option<Holders<K>>,
}

/// From which node a token leads to a child.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Edge {
    parent: usize,
    token: Box<[u8]>,
}

/// An [`Edge`] to be looked up.
#[derive(Hash)]
struct EdgeRef<'a> {
    parent: usize,
    token: &'a [u8],
}

impl Equivalent<Edge> for EdgeRef<'_> {
    fn equivalent(&self, edge: &Edge) -> bool {
        self.parent == edge.parent && *self.token == *edge.token
    }
}

impl<K> Node<K> {
    fn new(parent: usize, label: &[u8]) -> Self {
        Node {
            parent,
            label: label.into(),
            any: None,
            children: 0,
            children_joined: 0,
            exact: None,
            longer: None,
        }
    }
}

impl<K> Default for TokenTree<K> {
    fn default() -> Self {
        let mut nodes = Slab::new();
        let root = nodes.insert(Node::new(usize::MAX, b""));
        TokenTree {
            nodes,
            literals: IndexMap::new(),
            root,
        }
    }
}

impl<K: Copy + Eq + Hash> TokenTree<K> {
    pub(super) fn add(&mut self, pattern: &[u8], key: K) -> bool {
        let (path, goes_on) = split_rest(pattern);
        let node = self.node_at(path);
        let node = &mut self.nodes[node];
        let holders = match goes_on {
            true => &mut node.longer,
            false => &mut node.exact,
        };
        Holders::add(holders, key)
    }

    pub(super) fn remove(&mut self, pattern: &[u8], key: K, all: bool) -> bool {
        let (path, goes_on) = split_rest(pattern);
        let Some(at) = self.find(path) else {
            return false;
        };
        let node = &mut self.nodes[at];
        let holders = match goes_on {
            true => &mut node.longer,
            false => &mut node.exact,
        };
        let was_last = Holders::remove(holders, key, all);
        self.tidy(at);
        was_last
    }

    pub(super) fn matching(&self, topic: &[u8], visit: &mut impl FnMut(K)) {
        let mut place = Place {
            node: self.root,
            at: 0,
        };
        loop {
            self.visit(place, topic, visit);
            let next = self.literal(place, topic);
            let next = next.or_else(|| self.any(place, topic));
            match next.or_else(|| self.turn(place, topic)) {
                Some(next) => place = next,
                None => return,
            }
        }
    }

    fn visit(&self, Place { node, at }: Place, topic: &[u8], visit: &mut impl FnMut(K)) {
        let node = &self.nodes[node];
        let holders = match at <= topic.len() {
            true => &node.longer,
            false => &node.exact,
        };
        if let Some(holders) = holders {
            holders.visit(visit);
        }
    }

    /// Down to the child that the next token names.
    fn literal(&self, Place { node, at }: Place, topic: &[u8]) -> Option<Place> {
        let parent = &self.nodes[node];
        if parent.children == usize::from(parent.any.is_some()) {
            return None;
        }
        let token = token_at(topic, at)?;
        let child = self.child(node, token)?;
        self.enter(child, at, topic)
    }

    /// Down to the child that takes any token.
    fn any(&self, Place { node, at }: Place, topic: &[u8]) -> Option<Place> {
        self.enter(self.nodes[node].any?, at, topic)
    }

    /// Up, until there is a child that takes any token and was not entered.
    fn turn(&self, mut place: Place, topic: &[u8]) -> Option<Place> {
        while place.node != self.root {
            let left = place.node;
            let Node { parent, label, .. } = &self.nodes[left];
            place.node = *parent;
            place.at = tokens(label).fold(place.at, |at, _| token_before(topic, at));
            if self.nodes[*parent].any != Some(left)
                && let Some(next) = self.any(place, topic)
            {
                return Some(next);
            }
        }
        None
    }

    /// Where the tokens of a node end, if the topic has them at `at`.
    fn enter(&self, node: usize, mut at: usize, topic: &[u8]) -> Option<Place> {
        for wanted in tokens(&self.nodes[node].label) {
            at = pass(wanted, topic, at)?;
        }
        Some(Place { node, at })
    }

    fn child(&self, parent: usize, token: &[u8]) -> Option<usize> {
        self.literals.get(&EdgeRef { parent, token }).copied()
    }

    /// The child of a node that begins with a token of a pattern.
    fn child_of_pattern(&self, parent: usize, token: &[u8]) -> Option<usize> {
        match token == ANY {
            true => self.nodes[parent].any,
            false => self.child(parent, token),
        }
    }

    fn find(&self, mut path: &[u8]) -> Option<usize> {
        let mut node = self.root;
        while let Some(token) = first_token(path) {
            node = self.child_of_pattern(node, token)?;
            let label = &self.nodes[node].label;
            if shared(label, path) != label.len() {
                return None;
            }
            path = after(path, label.len());
        }
        Some(node)
    }

    /// The node where a path ends; it is made if there is none.
    fn node_at(&mut self, mut path: &[u8]) -> usize {
        let mut node = self.root;
        while let Some(token) = first_token(path) {
            let Some(child) = self.child_of_pattern(node, token) else {
                return self.insert(node, path);
            };
            let label = &self.nodes[child].label;
            let shared = shared(label, path);
            node = match shared == label.len() {
                true => child,
                false => self.split(child, shared),
            };
            path = after(path, shared);
        }
        node
    }

    fn insert(&mut self, parent: usize, label: &[u8]) -> usize {
        let node = self.nodes.insert(Node::new(parent, label));
        self.link(node);
        node
    }

    /// A node gets a new parent for the first `length` bytes of its tokens.
    fn split(&mut self, node: usize, length: usize) -> usize {
        self.unlink(node);
        let Node { parent, label, .. } = &mut self.nodes[node];
        let (parent, label) = (*parent, take(label));
        let above = self.insert(parent, &label[..length]);
        self.nodes[node].parent = above;
        self.nodes[node].label = after(&label, length).into();
        self.link(node);
        above
    }

    /// Somebody left a node: it goes if nothing needs it.
    fn tidy(&mut self, at: usize) {
        let node = &self.nodes[at];
        if at == self.root || node.exact.is_some() || node.longer.is_some() {
            return;
        }
        match node.children {
            0 => {
                let parent = node.parent;
                self.unlink(at);
                self.nodes.remove(at);
                self.tidy(parent);
            }
            1 => self.join(at, node.children_joined),
            _ => {}
        }
    }

    /// The only child of a node takes its place.
    fn join(&mut self, above: usize, child: usize) {
        self.unlink(above);
        self.unlink(child);
        let Node { parent, label, .. } = self.nodes.remove(above);
        let node = &mut self.nodes[child];
        node.parent = parent;
        node.label = [&label[..], &node.label].join(&b'.').into();
        self.link(child);
    }

    fn link(&mut self, node: usize) {
        let Node { parent, label, .. } = &self.nodes[node];
        let parent = *parent;
        match first_token(label) {
            Some(ANY) => self.nodes[parent].any = Some(node),
            token => {
                let token = token.unwrap_or_default().into();
                self.literals.insert(Edge { parent, token }, node);
            }
        }
        self.nodes[parent].children += 1;
        self.nodes[parent].children_joined ^= node;
    }

    fn unlink(&mut self, node: usize) {
        let Node { parent, label, .. } = &self.nodes[node];
        let parent = *parent;
        match first_token(label) {
            Some(ANY) => self.nodes[parent].any = None,
            token => {
                let token = token.unwrap_or_default();
                self.literals.swap_remove(&EdgeRef { parent, token });
            }
        }
        self.nodes[parent].children -= 1;
        self.nodes[parent].children_joined ^= node;
    }

    /// How many nodes there are, each of which somebody needs.
    #[cfg(test)]
    pub(super) fn nodes(&self) -> usize {
        for (at, node) in &self.nodes {
            let has_holders = node.exact.is_some() || node.longer.is_some();
            assert!(at == self.root || has_holders || node.children > 1);
        }
        self.nodes.len()
    }
}

/// How far a topic was followed.
#[derive(Clone, Copy)]
struct Place {
    node: usize,
    /// Where the next token begins; beyond the end of the topic if there is none.
    at: usize,
}

/// The token that begins there, if a pattern can have it.
fn token_at(topic: &[u8], at: usize) -> Option<&[u8]> {
    let rest = topic.get(at..)?;
    let near = &rest[..rest.len().min(PATTERN_BYTES_MAX + 1)];
    let length = memchr(b'.', near).unwrap_or(near.len());
    (length <= PATTERN_BYTES_MAX).then(|| &near[..length])
}

/// Where the token begins that ends before the one at `at`.
fn token_before(topic: &[u8], at: usize) -> usize {
    memrchr(b'.', &topic[..at - 1]).map_or(0, |dot| dot + 1)
}

/// A pattern without the `>` at its end, and whether there was one.
fn split_rest(pattern: &[u8]) -> (&[u8], bool) {
    match pattern.strip_suffix(REST) {
        Some(b"") => (b"", true),
        Some([path @ .., b'.']) => (path, true),
        _ => (pattern, false),
    }
}

/// The first token of a part of a pattern, which is empty only if it has none.
fn first_token(path: &[u8]) -> Option<&[u8]> {
    tokens(path).next().filter(|token| !token.is_empty())
}

/// The bytes of the tokens with which both begin.
fn shared(label: &[u8], path: &[u8]) -> usize {
    let both = tokens(label).zip(tokens(path));
    let alike = both.take_while(|(one, other)| one == other);
    let bytes: usize = alike.map(|(token, _)| token.len() + 1).sum();
    bytes.saturating_sub(1)
}

/// What comes after the first `length` bytes and a dot.
fn after(path: &[u8], length: usize) -> &[u8] {
    path.get(length + 1..).unwrap_or_default()
}
