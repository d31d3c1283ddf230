//! The tree as rows.

use treewire::runtime::{ChildSnapshot, ChildState, Killer};
use treewire::{Exit, NodeSnapshot};

use super::meter::Meter;
use crate::tree::{kind, time};

/// One child.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The lines of the tree before its name.
    pub(super) branches: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) state: String,
    pub(super) generation: u64,
    pub(super) restarts: u64,
    /// Messages a second.
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) queued: u64,
    pub(super) last_exit: String,
    pub(super) condition: Condition,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Condition {
    #[default]
    Well,
    /// It came back a moment ago.
    Back,
    Away,
}

/// How long it is a moment ago, in milliseconds.
const MOMENT: u64 = 2_500;

/// All of it, parents first; with `folded` what is below a socket counts for the socket.
/// Nothing is longer than `shorten` makes it.
pub(super) fn rows(
    tree: &NodeSnapshot,
    meter: &Meter,
    folded: bool,
    shorten: &dyn Fn(&str) -> String,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let drawing = Drawing {
        meter,
        folded,
        shorten,
    };
    drawing.below(&tree.children, "", &mut rows);
    rows
}

struct Drawing<'a> {
    meter: &'a Meter,
    folded: bool,
    shorten: &'a dyn Fn(&str) -> String,
}

impl Drawing<'_> {
    fn below(&self, children: &[ChildSnapshot], branches: &str, rows: &mut Vec<Row>) {
        for (index, child) in children.iter().enumerate() {
            let (branch, bar) = match index + 1 == children.len() {
                true => ("└─ ", "   "),
                false => ("├─ ", "│  "),
            };
            let mut row = self.row(child);
            row.branches = format!("{branches}{branch}");
            if self.folded && has_endpoints(child) {
                fold(child, &mut row);
                rows.push(row);
            } else {
                rows.push(row);
                self.below(&child.children, &format!("{branches}{bar}"), rows);
            }
        }
    }

    fn row(&self, child: &ChildSnapshot) -> Row {
        let [received, sent] = self.meter.rates(&child.path);
        let last_exit = child.exits.last().map(|exit| {
            let reason = (self.shorten)(&reason(&exit.reason));
            format!("{} ago: {reason}", time(exit.ago_ms))
        });
        Row {
            branches: String::new(),
            name: (self.shorten)(&child.name),
            kind: kind(child),
            state: child.state.to_string(),
            generation: child.generation,
            restarts: child.restarts,
            received,
            sent,
            queued: child.mailbox.depth + unacknowledged(child),
            last_exit: last_exit.unwrap_or_default(),
            condition: condition(child),
        }
    }
}

/// In one line; most are killed by the demonstration, which is no news.
fn reason(exit: &Exit) -> String {
    match exit {
        Exit::Killed(Killer::Operator) => "killed".into(),
        exit => exit.to_string().replace(['\n', '\r'], " "),
    }
}

/// What a reliable socket keeps until its peers have handled it.
fn unacknowledged(child: &ChildSnapshot) -> u64 {
    let told = child.details.get("unacknowledged");
    told.and_then(|told| told.parse().ok()).unwrap_or_default()
}

fn condition(child: &ChildSnapshot) -> Condition {
    match child.state {
        ChildState::Running if child.generation > 1 && child.state_for_ms < MOMENT => {
            Condition::Back
        }
        ChildState::Running => Condition::Well,
        _ => Condition::Away,
    }
}

fn has_endpoints(child: &ChildSnapshot) -> bool {
    let mut children = child.children.iter();
    children.any(|child| matches!(child.kind.as_str(), "listener" | "dialer"))
}

/// The restarts of its endpoints, and how the worst of them fares.
fn fold(socket: &ChildSnapshot, row: &mut Row) {
    let below = || socket.walk().skip(1);
    let connections = below().filter(|child| child.kind == "connection").count();
    row.name = match connections {
        1 => format!("{}, 1 peer", row.name),
        count => format!("{}, {count} peers", row.name),
    };
    row.restarts += below().map(|child| child.restarts).sum::<u64>();
    if let Some(worst) = below().max_by_key(|child| condition(child))
        && condition(worst) > row.condition
    {
        row.condition = condition(worst);
        row.state = worst.state.to_string();
    }
}

#[cfg(test)]
mod tests {
    use treewire::runtime::{Failure, PastExit};

    use super::*;
    use crate::tree::tests::{child, node};

    fn market() -> NodeSnapshot {
        let connection = child("connection 10.0.0.7:1", "connection", vec![]);
        let listener = child("listener tcp://*:5", "listener", vec![connection]);
        let dialer = ChildSnapshot {
            state: ChildState::BackingOff,
            generation: 4,
            restarts: 3,
            exits: vec![PastExit {
                reason: Exit::Failed(Failure::new("no\n/tmp/x/orders")),
                ago_ms: 400,
            }],
            ..child("dialer ipc:///tmp/x/orders", "dialer", vec![])
        };
        let mut socket = child("orders-in", "pull", vec![listener, dialer]);
        socket.exits = vec![PastExit {
            reason: Exit::Killed(Killer::Operator),
            ago_ms: 1_000,
        }];
        socket.restarts = 1;
        socket.generation = 2;
        socket.details = [("unacknowledged".to_owned(), "7".to_owned())].into();
        socket.mailbox.depth = 1;
        let desk = child("desk", "actor", vec![]);
        node(vec![child("orders", "supervisor", vec![socket]), desk])
    }

    fn drawn(folded: bool) -> Vec<Row> {
        let shorten = |text: &str| text.replace("/tmp/x", "…");
        rows(&market(), &Meter::default(), folded, &shorten)
    }

    #[test]
    fn every_child_has_a_row() {
        let rows = drawn(false);
        let names: Vec<String> = rows
            .iter()
            .map(|row| format!("{}{}", row.branches, row.name))
            .collect();
        assert_eq!(
            names,
            [
                "├─ orders",
                "│  └─ orders-in",
                "│     ├─ listener tcp://*:5",
                "│     │  └─ connection 10.0.0.7:1",
                "│     └─ dialer ipc://…/orders",
                "└─ desk",
            ]
        );
        let (socket, dialer) = (&rows[1], &rows[4]);
        assert_eq!((socket.queued, socket.restarts), (8, 1));
        // It runs in its second generation, for 400 ms.
        assert_eq!(socket.condition, Condition::Back);
        assert_eq!(dialer.state, "backing off");
        assert_eq!(socket.last_exit, "1.0 s ago: killed");
        assert_eq!(dialer.last_exit, "400 ms ago: failed: no …/orders");
        assert_eq!(
            (dialer.kind.as_str(), dialer.condition),
            ("", Condition::Away)
        );
    }

    #[test]
    fn a_folded_socket_fares_as_its_worst_endpoint() {
        let rows = drawn(true);
        assert_eq!(rows.len(), 3);
        let socket = &rows[1];
        assert_eq!(socket.name, "orders-in, 1 peer");
        assert_eq!((socket.restarts, socket.condition), (4, Condition::Away));
        assert_eq!(socket.state, "backing off");
    }
}
