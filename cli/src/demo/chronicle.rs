//! What was done to the tree, and what the tree did about it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;
use treewire::Exit;
use treewire::runtime::{Event, EventKind, Killer};

use crate::tree::time;

/// One line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Since the demonstration began.
    pub(super) at: Duration,
    pub(super) mark: Mark,
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Harm,
    Ended,
    Waiting,
    Back,
    Note,
}

impl Mark {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Mark::Harm => "!",
            Mark::Ended => "✗",
            Mark::Waiting => "↻",
            Mark::Back => "✓",
            Mark::Note => "·",
        }
    }
}

/// The newest entries.
pub(super) struct Chronicle {
    begun: Instant,
    entries: VecDeque<Entry>,
}

/// More than any screen shows.
const ENTRIES_MAX: usize = 200;

impl Chronicle {
    pub(super) fn new() -> Self {
        Chronicle {
            begun: Instant::now(),
            entries: VecDeque::new(),
        }
    }

    pub(super) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Newest last.
    pub(super) fn entries(&self) -> &VecDeque<Entry> {
        &self.entries
    }

    pub(super) fn add(&mut self, mark: Mark, text: String) -> &Entry {
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        let at = self.begun.elapsed();
        self.entries.push_back(Entry { at, mark, text });
        &self.entries[self.entries.len() - 1]
    }

    /// Tells of an event in a text that `shorten` makes shorter, unless it is ordinary.
    pub(super) fn tell(
        &mut self,
        event: &Event,
        shorten: impl Fn(&str) -> String,
    ) -> Option<&Entry> {
        let (mark, text) = told(event)?;
        Some(self.add(mark, shorten(&text)))
    }
}

/// What an operator did is told by whoever did it. Connections and dialers fail with the other
/// end of theirs, which is told, too; that they come back says enough.
fn told(event: &Event) -> Option<(Mark, String)> {
    let Event {
        path, generation, ..
    } = event;
    Some(match &event.kind {
        EventKind::Exited(Exit::Killed(Killer::Operator)) => return None,
        EventKind::Exited(Exit::Failed(_)) if is_of_a_connection(path) => return None,
        EventKind::Exited(exit) if exit.is_abnormal() => (Mark::Ended, format!("{path} {exit}")),
        EventKind::Restarting { after } if !after.is_zero() => {
            let after = time(after.as_millis() as u64);
            (Mark::Waiting, format!("{path} starts again in {after}"))
        }
        EventKind::Started if *generation > 1 => {
            let text = format!("{path} is back, generation {generation}");
            (Mark::Back, text)
        }
        EventKind::Escalated(_) | EventKind::Zombie | EventKind::Stranded { .. } => {
            (Mark::Ended, event.to_string())
        }
        _ => return None,
    })
}

/// Endpoints have slashes of their own, so the name of a child is not what follows the last.
fn is_of_a_connection(path: &str) -> bool {
    path.contains("/connection ") || path.contains("/dialer ")
}

#[cfg(test)]
mod tests {
    use treewire::runtime::{Failure, Panic};

    use super::*;

    fn tell(path: &str, generation: u64, kind: EventKind) -> Option<(Mark, String)> {
        told(&Event {
            at: std::time::Instant::now(),
            path: path.into(),
            generation,
            kind,
        })
    }

    #[test]
    fn what_the_tree_does_is_told_once() {
        let dialer = "orders/orders-in/dialer ipc:///tmp/orders";
        let failed = || EventKind::Exited(Exit::Failed(Failure::new("no disk")));
        let after = Duration::from_millis(52);
        for (path, generation, kind, expected) in [
            (
                "quotes",
                1,
                EventKind::Exited(Exit::Killed(Killer::Operator)),
                None,
            ),
            ("quotes", 1, EventKind::Exited(Exit::Shutdown), None),
            ("quotes", 1, EventKind::Started, None),
            (
                "quotes",
                2,
                EventKind::Started,
                Some("quotes is back, generation 2"),
            ),
            ("quotes", 2, failed(), Some("quotes failed: no disk")),
            (dialer, 2, failed(), None),
            (
                dialer,
                2,
                EventKind::Restarting {
                    after: Duration::ZERO,
                },
                None,
            ),
            (
                dialer,
                2,
                EventKind::Restarting { after },
                Some("orders/orders-in/dialer ipc:///tmp/orders starts again in 52 ms"),
            ),
            (
                "desk",
                1,
                EventKind::Exited(Exit::Panicked(Panic {
                    text: "boom".into(),
                    place: "desk.rs:1".into(),
                })),
                Some("desk panicked: boom (desk.rs:1)"),
            ),
        ] {
            let text = tell(path, generation, kind).map(|(_, text)| text);
            assert_eq!(text.as_deref(), expected);
        }
    }

    #[test]
    fn the_newest_entries_are_kept() {
        let mut chronicle = Chronicle::new();
        for number in 0..=ENTRIES_MAX {
            chronicle.add(Mark::Note, number.to_string());
        }
        assert_eq!(chronicle.entries().len(), ENTRIES_MAX);
        assert_eq!(chronicle.entries()[0].text, "1");
    }
}
