//! A tree out of its JSON, whatever that is.

use serde::Deserialize;
use treewire::NodeSnapshot;
use treewire::runtime::LEVELS_MAX;

/// The most objects and arrays in each other: two for each level of a tree, and some for
/// the node around it and the exits in its lowest children.
const NESTED_MAX: usize = 2 * LEVELS_MAX + 16;

/// To read one level takes 12 kB in a debug build.
const STACK_BYTES: usize = LEVELS_MAX * (32 << 10);

/// What `then` makes of the tree. It is called on a thread whose stack is large enough for
/// the deepest tree.
pub(super) fn read<T: Send>(
    json: &str,
    then: impl FnOnce(NodeSnapshot) -> T + Send,
) -> Result<T, String> {
    // Deeper text might take more stack than there is.
    let nested = nested(json);
    if nested > NESTED_MAX {
        return Err(format!(
            "{nested} objects and arrays in each other are more than the {NESTED_MAX} of a tree"
        ));
    }
    let reader = || {
        let mut json = serde_json::Deserializer::from_str(json);
        json.disable_recursion_limit();
        let snapshot = NodeSnapshot::deserialize(&mut json);
        let snapshot = snapshot.and_then(|snapshot| json.end().map(|()| snapshot));
        snapshot.map(then).map_err(|error| error.to_string())
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread.spawn_scoped(scope, reader);
        let thread = thread.map_err(|error| format!("there is no thread to read it: {error}"))?;
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// How many objects and arrays are open at once, at most.
fn nested(json: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    let mut bytes = json.bytes();
    let mut in_text = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            // What is escaped ends no text.
            b'\\' if in_text => drop(bytes.next()),
            b'{' | b'[' if !in_text => {
                open += 1;
                most = most.max(open);
            }
            b'}' | b']' if !in_text => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use treewire::Exit;
    use treewire::runtime::{Failure, PastExit};

    use super::*;
    use crate::tree::render;
    use crate::tree::render::tests::{child, node};

    #[test]
    fn the_deepest_tree_is_read_and_drawn() {
        let mut lowest = child("lowest", "actor", vec![]);
        lowest.exits.push(PastExit {
            reason: Exit::Failed(Failure::new("[{ \"no\\disk")),
            ago_ms: 1,
        });
        let tree = node(vec![(1..LEVELS_MAX).fold(lowest, |below, level| {
            child(&level.to_string(), "supervisor", vec![below])
        })]);
        let json = serde_json::to_string(&tree).unwrap();
        let (read, drawn) = read(&json, |read| {
            let drawn = render(&read);
            (read, drawn)
        })
        .unwrap();
        assert!(read == tree);
        assert_eq!(drawn.lines().count(), 1 + LEVELS_MAX + 1);
    }

    #[test]
    fn what_is_no_tree_is_told_and_overflows_nothing() {
        let no_tree = |json: &str| read(json, drop).unwrap_err();
        let all_open = r#"{"children":["#.repeat(1 << 20);
        assert!(no_tree(&all_open).contains("2097152 objects and arrays in each other"));
        assert!(no_tree(&"[".repeat(NESTED_MAX)).contains("line 1"));
        let unknown = format!(r#"{{"more":{}"#, "[".repeat(NESTED_MAX - 1));
        assert!(no_tree(&unknown).contains("EOF"));
        let json = serde_json::to_string(&node(vec![])).unwrap();
        assert_eq!(read(&json, |read| read.name), Ok("market".into()));
        assert!(no_tree(&(json + "}")).contains("trailing"));
    }

    #[test]
    fn brackets_in_texts_do_not_count() {
        for (json, most) in [
            (r#"{"a":[{}],"b":[]}"#, 3),
            (r#"{"[[[\"[[[":"\\","b":[]}"#, 2),
            (r#"{"[[[\\":[[]]}"#, 3),
            ("]]]][", 1),
            ("", 0),
        ] {
            assert_eq!(nested(json), most, "{json}");
        }
    }
}
