//! Subscriptions against a naive model, and many of them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::PATTERN_BYTES_MAX;
use super::pattern::Pattern;
use super::subscriptions::Subscriptions;

fn tokens(text: &str) -> Pattern {
    Pattern::tokens(text).unwrap()
}

fn prefix(text: &str) -> Pattern {
    Pattern::prefix(text.to_owned()).unwrap()
}

fn matching(subscriptions: &Subscriptions<usize>, topic: &str) -> Vec<usize> {
    let mut keys = Vec::new();
    subscriptions.matching(topic.as_bytes(), |key| keys.push(key));
    keys.sort_unstable();
    keys
}

/// How often each has which pattern.
#[derive(Default)]
struct Model(BTreeMap<(Pattern, usize), u64>);

impl Model {
    fn matching(&self, topic: &str) -> Vec<usize> {
        let wanted = self.0.keys();
        let wanted = wanted.filter(|(pattern, _)| pattern.matches(topic.as_bytes()));
        let mut keys: Vec<_> = wanted.map(|(_, key)| *key).collect();
        keys.sort_unstable();
        keys
    }

    fn add(&mut self, pattern: &Pattern, key: usize) -> bool {
        let count = self.0.entry((pattern.clone(), key)).or_default();
        *count += 1;
        *count == 1
    }

    fn remove(&mut self, pattern: &Pattern, key: usize, all: bool) -> bool {
        let entry = (pattern.clone(), key);
        match self.0.get_mut(&entry) {
            None => false,
            Some(count) if *count > 1 && !all => {
                *count -= 1;
                false
            }
            Some(_) => self.0.remove(&entry).is_some(),
        }
    }
}

#[derive(Clone, Debug)]
enum Act {
    Add(Pattern, usize),
    Remove(Pattern, usize),
    RemoveAll(Pattern, usize),
    Match(String),
}

fn a_pattern() -> impl Strategy<Value = Pattern> {
    let token = prop::sample::select(vec!["a", "b", "ab", "*"]);
    let path = prop::collection::vec(token, 1..6);
    let of_tokens = (path, any::<bool>()).prop_map(|(path, goes_on)| {
        let path = path.join(".");
        tokens(&if goes_on { path + ".>" } else { path })
    });
    prop_oneof![
        6 => of_tokens,
        1 => Just(tokens(">")),
        3 => "[ab.*]{0,6}".prop_map(|text| prefix(&text)),
    ]
}

fn an_act() -> impl Strategy<Value = Act> {
    let one = || (a_pattern(), 0..4_usize);
    prop_oneof![
        4 => one().prop_map(|(pattern, key)| Act::Add(pattern, key)),
        3 => one().prop_map(|(pattern, key)| Act::Remove(pattern, key)),
        1 => one().prop_map(|(pattern, key)| Act::RemoveAll(pattern, key)),
        4 => "((a|b|ab|\\*|)\\.){0,5}(a|b|ab|\\*|)".prop_map(Act::Match),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_same_as_a_list_that_is_searched(acts in prop::collection::vec(an_act(), 1..120)) {
        let (mut model, mut subscriptions) = (Model::default(), Subscriptions::default());
        for act in acts {
            match act {
                Act::Add(pattern, key) => {
                    prop_assert_eq!(subscriptions.add(&pattern, key), model.add(&pattern, key));
                }
                Act::Remove(pattern, key) => {
                    let was_last = model.remove(&pattern, key, false);
                    prop_assert_eq!(subscriptions.remove(&pattern, key), was_last);
                }
                Act::RemoveAll(pattern, key) => {
                    let was_there = model.remove(&pattern, key, true);
                    prop_assert_eq!(subscriptions.remove_all(&pattern, key), was_there);
                }
                Act::Match(topic) => {
                    prop_assert_eq!(matching(&subscriptions, &topic), model.matching(&topic));
                }
            }
            prop_assert_eq!(subscriptions.len(), model.0.len());
            let patterns: BTreeSet<_> = model.0.keys().map(|(pattern, _)| pattern).collect();
            prop_assert!(subscriptions.nodes() <= 2 * patterns.len() + 1);
        }
        for (pattern, key) in model.0.keys() {
            prop_assert!(subscriptions.remove_all(pattern, *key));
        }
        prop_assert!(subscriptions.is_empty());
        prop_assert_eq!(subscriptions.nodes(), 1);
    }
}

#[test]
fn conat_15_to_delete_leaves_neighbours_alone() {
    let mut subscriptions = Subscriptions::default();
    for (key, text) in ["a", "a.b", "a.b.c", "a.*", "a.>"].into_iter().enumerate() {
        assert!(subscriptions.add(&tokens(text), key));
    }
    assert!(subscriptions.remove(&tokens("a.b.c"), 2));
    assert_eq!(matching(&subscriptions, "a.b.c"), [4]);
    assert_eq!(matching(&subscriptions, "a.b"), [1, 3, 4]);
    assert!(subscriptions.remove(&tokens("a"), 0));
    assert!(matching(&subscriptions, "a").is_empty());
    assert_eq!(matching(&subscriptions, "a.b"), [1, 3, 4]);
    assert!(subscriptions.remove(&tokens("a.*"), 3));
    assert_eq!(matching(&subscriptions, "a.b"), [1, 4]);
    assert_eq!(matching(&subscriptions, "a.c"), [4]);
}

#[test]
fn what_one_never_had_it_cannot_take_back() {
    let mut subscriptions = Subscriptions::default();
    subscriptions.add(&tokens("a.b.c"), 1);
    subscriptions.add(&tokens("a.b.d"), 1);
    subscriptions.add(&prefix("a"), 1);
    for pattern in ["a", "a.b", "a.b.c.d", "a.b.>", "a.b.*", "b", ">"] {
        assert!(!subscriptions.remove(&tokens(pattern), 1), "{pattern}");
    }
    for (pattern, key) in [(tokens("a.b.c"), 2), (prefix("a"), 2), (prefix("ab"), 1)] {
        assert!(!subscriptions.remove(&pattern, key), "{pattern}");
    }
    assert_eq!(subscriptions.len(), 3);
    assert_eq!(matching(&subscriptions, "a.b.c"), [1, 1]);
}

/// 100,000 patterns, and a million matches; a tenth of them where nothing is optimised.
#[test]
fn conat_15_a_hundred_thousand_patterns_and_a_million_matches() {
    const PATTERNS: usize = 100_000;
    let topics = if cfg!(debug_assertions) {
        50_000
    } else {
        500_000
    };
    let mut subscriptions = Subscriptions::default();
    for number in 0..PATTERNS {
        let (area, item) = (number % 100, number / 100);
        let pattern = match number % 4 {
            0 => tokens(&format!("area{area}.item{item}.price")),
            1 => tokens(&format!("area{area}.item{item}.*")),
            2 => tokens(&format!("area{area}.item{item}.>")),
            _ => prefix(&format!("area{area}.item{item}.")),
        };
        assert!(subscriptions.add(&pattern, number));
    }
    subscriptions.add(&tokens("*.*.price"), PATTERNS);
    assert_eq!(subscriptions.len(), PATTERNS + 1);
    let mut matches = 0;
    for turn in 0..topics {
        let number = turn * 7_919 % PATTERNS;
        let topic = format!("area{}.item{}.price", number % 100, number / 100);
        let mut found = [false; 2];
        subscriptions.matching(topic.as_bytes(), |key| {
            found[0] |= key == number;
            found[1] |= key == PATTERNS;
            matches += 1;
        });
        assert_eq!(found, [true; 2], "{topic}");
    }
    assert_eq!(matches, 2 * topics);
}

#[test]
fn a_thousand_share_one_pattern_and_each_is_visited() {
    let mut subscriptions = Subscriptions::default();
    for key in 0..1_000 {
        subscriptions.add(&tokens("a.*"), key);
        subscriptions.add(&prefix("a."), key);
    }
    let twice = (0..1_000).flat_map(|key| [key, key]).collect::<Vec<_>>();
    assert_eq!(matching(&subscriptions, "a.b"), twice);
    assert_eq!(subscriptions.len(), 2_000);
    for key in (0..1_000).filter(|key| key % 10 != 3) {
        assert!(subscriptions.remove(&tokens("a.*"), key));
        assert!(subscriptions.remove(&prefix("a."), key));
    }
    let left = matching(&subscriptions, "a.b");
    assert_eq!(left.len(), 200);
    assert!(left.iter().all(|key| key % 10 == 3));
}

/// As many tokens as fit, and each pattern branching off from all before it: what is visited
/// is bounded by the patterns, not by the ways through them.
#[test]
fn hundreds_of_tokens_need_no_stack_and_their_wildcards_no_time() {
    const TOKENS: usize = PATTERN_BYTES_MAX / 2;
    let mut subscriptions = Subscriptions::default();
    let deep = vec!["a"; TOKENS];
    for star in 0..TOKENS {
        let mut path = deep.clone();
        path[star] = "*";
        subscriptions.add(&tokens(&path.join(".")), star);
        path[(star * 31 + 7) % TOKENS] = "*";
        subscriptions.add(&tokens(&path.join(".")), TOKENS);
        path.truncate(star + 1);
        path[star] = ">";
        subscriptions.add(&tokens(&path.join(".")), 2 * TOKENS);
    }
    let nodes = subscriptions.nodes();
    assert!(nodes <= 2 * 3 * TOKENS + 1, "two a pattern: {nodes}");
    let small = std::thread::Builder::new().stack_size(128 * 1024);
    let matched = small.spawn(move || {
        let found = matching(&subscriptions, &deep.join("."));
        let none = matching(&subscriptions, &format!("{}.b", deep.join(".")));
        (found, none)
    });
    let (found, none) = matched.unwrap().join().unwrap();
    assert_eq!(found[..TOKENS], (0..TOKENS).collect::<Vec<_>>());
    assert!(none.iter().all(|&key| key == 2 * TOKENS), "{none:?}");
}

#[test]
fn all_memory_goes_with_the_last_pattern() {
    let mut subscriptions = Subscriptions::default();
    for number in 0..10_000 {
        subscriptions.add(&tokens(&format!("a{number}.b.*.c")), 1);
    }
    for number in 0..10_000 {
        assert!(!subscriptions.is_empty());
        assert!(subscriptions.remove_all(&tokens(&format!("a{number}.b.*.c")), 1));
    }
    assert!(subscriptions.is_empty());
    assert_eq!(subscriptions.nodes(), 1);
}

/// A message of one part is its own topic.
#[test]
fn a_topic_may_have_longer_tokens_than_any_pattern() {
    let mut subscriptions = Subscriptions::default();
    let longest = "x".repeat(PATTERN_BYTES_MAX);
    for (key, text) in ["x", "*", "*.x", ">", &longest].into_iter().enumerate() {
        subscriptions.add(&tokens(text), key);
    }
    let patterns = ["x", "*", "*.x", ">", &longest].map(tokens);
    for (topic, keys) in [
        (longest.clone(), &[1, 3, 4][..]),
        (longest.clone() + "x", &[1, 3]),
        (longest.clone() + "x.x", &[2, 3]),
        (longest.repeat(100) + ".x", &[2, 3]),
    ] {
        assert_eq!(matching(&subscriptions, &topic), keys);
        let wanted = patterns
            .iter()
            .map(|pattern| pattern.matches(topic.as_bytes()));
        let wanted: Vec<_> = (0..).zip(wanted).filter(|(_, wants)| *wants).collect();
        assert!(wanted.iter().map(|(key, _)| key).eq(keys));
    }
}
