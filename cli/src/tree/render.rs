//! A snapshot as the tree that `treewire tree` and the demo print.

use treewire::runtime::{ChildSnapshot, ChildState};
use treewire::{Exit, NodeSnapshot};

use super::quantity::{bytes, count, counted, time};

/// The whole tree, one line a child, and one more for the last exit of a child
/// that was restarted. Ends with a newline.
pub(crate) fn render(node: &NodeSnapshot) -> String {
    let mut rows = vec![root(node)];
    below(&node.children, "", &mut rows);
    let width = |cell: fn(&Row) -> &str| {
        let widths = rows.iter().map(|row| cell(row).chars().count());
        widths.max().unwrap_or_default()
    };
    let widths = [
        width(|row| &row.name),
        width(|row| &row.kind),
        width(|row| &row.state),
    ];
    rows.iter().map(|row| row.line(widths)).collect()
}

/// One line, in columns.
#[derive(Default)]
struct Row {
    name: String,
    kind: String,
    state: String,
    notes: String,
}

impl Row {
    fn line(&self, [name, kind, state]: [usize; 3]) -> String {
        let line = format!(
            "{:name$}  {:kind$}  {:state$}  {}",
            self.name, self.kind, self.state, self.notes
        );
        format!("{}\n", line.trim_end())
    }
}

fn root(node: &NodeSnapshot) -> Row {
    let mut notes = vec![
        format!("process {}", node.process),
        counted(node.restarts, "restart"),
    ];
    if !node.zombies.is_empty() {
        notes.push(format!("zombies: {}", node.zombies.join(", ")));
    }
    Row {
        name: node.name.clone(),
        kind: "node".into(),
        state: format!("up {}", time(node.uptime_ms)),
        notes: notes.join(" · "),
    }
}

fn below(children: &[ChildSnapshot], indent: &str, rows: &mut Vec<Row>) {
    for (index, child) in children.iter().enumerate() {
        let is_last = index + 1 == children.len();
        let (branch, bar) = if is_last {
            ("└─ ", "   ")
        } else {
            ("├─ ", "│  ")
        };
        rows.push(Row {
            name: format!("{indent}{branch}{}", child.name),
            kind: kind(child),
            state: state(child),
            notes: notes(child).join(" · "),
        });
        let indent_below = format!("{indent}{bar}");
        if let Some(exit) = last_exit(child) {
            let bar = if child.children.is_empty() { "" } else { "│" };
            rows.push(Row {
                name: format!("{indent_below}{bar}"),
                notes: exit,
                ..Row::default()
            });
        }
        below(&child.children, &indent_below, rows);
    }
}

/// Endpoints and connections say what they are in their names.
pub(crate) fn kind(child: &ChildSnapshot) -> String {
    let is_named = child.name.split(' ').next() == Some(&child.kind);
    if is_named {
        String::new()
    } else {
        child.kind.clone()
    }
}

fn state(child: &ChildSnapshot) -> String {
    match child.state {
        ChildState::Running => "running".to_owned(),
        state => format!("{state} {}", time(child.state_for_ms)),
    }
}

fn notes(child: &ChildSnapshot) -> Vec<String> {
    let mut notes = Vec::new();
    if child.generation > 1 {
        notes.push(format!("generation {}", count(child.generation)));
    }
    if child.restarts > 0 {
        notes.push(counted(child.restarts, "restart"));
    }
    // What sockets and their endpoints handle are their own errands.
    if child.kind == "actor" && child.handled > 0 {
        notes.push(format!("{} handled", count(child.handled)));
    }
    for (direction, messages, moved) in [
        ("in", child.messages_in, child.bytes_in),
        ("out", child.messages_out, child.bytes_out),
    ] {
        match (messages, moved) {
            (0, 0) => {}
            (0, _) => notes.push(format!("{direction} {}", bytes(moved))),
            _ => notes.push(format!(
                "{direction} {} ({})",
                count(messages),
                bytes(moved)
            )),
        }
    }
    if child.mailbox.depth > 0 {
        notes.push(format!("{} queued", count(child.mailbox.depth)));
    }
    for (cause, dropped) in &child.drops {
        notes.push(format!("{} dropped: {cause}", count(*dropped)));
    }
    notes.extend(details(child));
    notes
}

/// What the name says already is not said again.
fn details(child: &ChildSnapshot) -> Vec<String> {
    let (node, socket) = (child.details.get(PEER_NODE), child.details.get(PEER_SOCKET));
    let peer = match (node, socket) {
        (Some(node), Some(socket)) => Some(format!("to {socket} of {node}")),
        _ => None,
    };
    let is_told = |key: &str, value: &str| {
        child.name.contains(value) || (peer.is_some() && [PEER_NODE, PEER_SOCKET].contains(&key))
    };
    let others = child.details.iter();
    let others = others.filter(|(key, value)| !is_told(key, value));
    let others: Vec<String> = others
        .map(|(key, value)| format!("{key} {value}"))
        .collect();
    peer.into_iter().chain(others).collect()
}

/// How a connection describes whom it speaks with.
const PEER_NODE: &str = "peer node";
const PEER_SOCKET: &str = "peer socket";

fn last_exit(child: &ChildSnapshot) -> Option<String> {
    let exit = child.exits.last()?;
    let reason = match &exit.reason {
        // A text of several lines would break the tree.
        reason @ (Exit::Failed(_) | Exit::Panicked(_)) => {
            reason.to_string().replace(['\n', '\r'], " ")
        }
        reason => reason.to_string(),
    };
    Some(format!("last exit {} ago: {reason}", time(exit.ago_ms)))
}

#[cfg(test)]
pub(crate) mod tests {
    use treewire::runtime::{Failure, Killer, MailboxSnapshot, PastExit};

    use super::*;

    pub(crate) fn child(name: &str, kind: &str, children: Vec<ChildSnapshot>) -> ChildSnapshot {
        ChildSnapshot {
            name: name.into(),
            path: String::new(),
            kind: kind.into(),
            state: ChildState::Running,
            state_for_ms: 400,
            generation: 1,
            restarts: 0,
            exits: Vec::new(),
            arbiter: 0,
            mailbox: MailboxSnapshot::default(),
            handled: 0,
            busy_nanos: 0,
            longest_poll_nanos: 0,
            messages_in: 0,
            messages_out: 0,
            bytes_in: 0,
            bytes_out: 0,
            drops: Default::default(),
            details: Default::default(),
            children,
        }
    }

    pub(crate) fn node(children: Vec<ChildSnapshot>) -> NodeSnapshot {
        NodeSnapshot {
            name: "market".into(),
            instance: "00".into(),
            incarnation: 1,
            process: 7,
            taken_at_unix_ms: 0,
            uptime_ms: 12_000,
            restarts: 0,
            zombies: Vec::new(),
            children,
        }
    }

    #[test]
    fn a_tree_is_drawn_in_aligned_columns() {
        let exit = |reason, ago_ms| PastExit { reason, ago_ms };
        let quotes = ChildSnapshot {
            generation: 2,
            restarts: 1,
            handled: 1_204,
            exits: vec![
                exit(Exit::Killed(Killer::Operator), 9_000),
                exit(Exit::Failed(Failure::new("no\ndisk")), 1_200),
            ],
            ..child("quotes", "actor", vec![])
        };
        let connection = ChildSnapshot {
            messages_in: 1_000,
            bytes_in: 5_000,
            details: [
                ("peer", "10.0.0.7:50122"),
                ("peer node", "shop"),
                ("peer socket", "req"),
            ]
            .map(|(key, value)| (key.into(), value.into()))
            .into(),
            ..child("connection 10.0.0.7:50122", "connection", vec![])
        };
        let listener = ChildSnapshot {
            details: [("endpoint".into(), "tcp://127.0.0.1:5555".into())].into(),
            ..child("listener tcp://*:5555", "listener", vec![connection])
        };
        let dialer = ChildSnapshot {
            state: ChildState::BackingOff,
            details: [("endpoint".into(), "tcp://b:1".into())].into(),
            restarts: 3,
            generation: 4,
            exits: vec![exit(Exit::Failed(Failure::new("refused")), 400)],
            drops: [("peer gone".into(), 2)].into(),
            ..child("dialer tcp://b:1", "dialer", vec![])
        };
        let market = NodeSnapshot {
            restarts: 4,
            ..node(vec![
                quotes,
                child("quotes-in", "rep", vec![listener, dialer]),
            ])
        };
        assert_eq!(
            render(&market),
            "\
market                              node   up 12.0 s           process 7 · 4 restarts
├─ quotes                           actor  running             generation 2 · 1 restart · 1,204 handled
│                                                              last exit 1.2 s ago: failed: no disk
└─ quotes-in                        rep    running
   ├─ listener tcp://*:5555                running             endpoint tcp://127.0.0.1:5555
   │  └─ connection 10.0.0.7:50122         running             in 1,000 (5.0 kB) · to req of shop
   └─ dialer tcp://b:1                     backing off 400 ms  generation 4 · 3 restarts · 2 dropped: peer gone
                                                               last exit 400 ms ago: failed: refused
"
        );
    }

    #[test]
    fn an_exit_does_not_cut_a_subtree_off() {
        let supervisor = ChildSnapshot {
            exits: vec![PastExit {
                reason: Exit::Normal,
                ago_ms: 5,
            }],
            ..child("a", "actor", vec![child("b", "actor", vec![])])
        };
        let drawn = render(&node(vec![supervisor]));
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(lines[2].starts_with("   │ "), "{drawn}");
        assert!(lines[3].starts_with("   └─ b"), "{drawn}");
    }
}
