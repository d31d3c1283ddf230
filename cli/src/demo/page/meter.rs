//! How much moves a second: what counters gained between two looks.

use std::collections::HashMap;
use std::time::Duration;

use treewire::NodeSnapshot;
use treewire::runtime::ChildSnapshot;

use crate::demo::market::Totals;

/// Shorter ones would make the rates jump.
const PERIOD: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Meter {
    /// When the counters were kept last.
    at: Duration,
    counters: HashMap<String, [u64; 2]>,
    rates: HashMap<String, [u64; 2]>,
    totals: Totals,
    flows: Flows,
}

/// Messages a second of each flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flows {
    pub(super) quotes: u64,
    pub(super) orders: u64,
    pub(super) ticks: u64,
}

impl Meter {
    /// Looks at the counters at a moment since the beginning; what came too soon after the
    /// last look changes nothing.
    pub(super) fn look(&mut self, at: Duration, tree: &NodeSnapshot, totals: &Totals) {
        let passed = at.saturating_sub(self.at);
        if passed < PERIOD {
            return;
        }
        let rate = |now: u64, before: u64| {
            (now.saturating_sub(before) as f64 / passed.as_secs_f64()).round() as u64
        };
        let counters: HashMap<String, [u64; 2]> = tree
            .walk()
            .map(|child| (child.path.clone(), counters(child)))
            .collect();
        self.rates = counters
            .iter()
            .map(|(path, [received, sent])| {
                let [received_before, sent_before] =
                    self.counters.get(path).copied().unwrap_or_default();
                let rates = [rate(*received, received_before), rate(*sent, sent_before)];
                (path.clone(), rates)
            })
            .collect();
        let before = &self.totals;
        self.flows = Flows {
            quotes: rate(totals.questions.answered(), before.questions.answered()),
            orders: rate(totals.orders.received(), before.orders.received()),
            ticks: rate(totals.ticks.received(), before.ticks.received()),
        };
        self.at = at;
        self.counters = counters;
        self.totals = totals.clone();
    }

    /// What comes in and goes out a second at `path`.
    pub(super) fn rates(&self, path: &str) -> [u64; 2] {
        self.rates.get(path).copied().unwrap_or_default()
    }

    pub(super) fn flows(&self) -> Flows {
        self.flows
    }
}

/// What an actor handled came in; messages do not pass through the actors of sockets.
fn counters(child: &ChildSnapshot) -> [u64; 2] {
    match child.kind.as_str() {
        "actor" => [child.handled, 0],
        _ => [child.messages_in, child.messages_out],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::tests::{child, node};

    #[test]
    fn rates_are_what_was_gained_in_the_time() {
        let at = |handled, messages_in, messages_out| {
            let actor = ChildSnapshot {
                path: "quotes".into(),
                handled,
                messages_in: 99,
                ..child("quotes", "actor", vec![])
            };
            let socket = ChildSnapshot {
                path: "in".into(),
                messages_in,
                messages_out,
                handled: 99,
                ..child("in", "pull", vec![])
            };
            node(vec![actor, socket])
        };
        let mut meter = Meter::default();
        let totals = |sent| {
            let mut totals = Totals::default();
            let hand = totals.orders.begin(1);
            (1..=sent).for_each(|number| totals.orders.receive(number, hand));
            totals
        };
        let mut look = |seconds, tree, orders| {
            meter.look(Duration::from_secs_f64(seconds), &tree, &totals(orders));
            (
                meter.rates("quotes"),
                meter.rates("in"),
                meter.flows().orders,
            )
        };
        assert_eq!(look(0.5, at(1, 1, 1), 1), ([0, 0], [0, 0], 0));
        assert_eq!(look(1.0, at(100, 7, 8), 5), ([100, 0], [7, 8], 5));
        assert_eq!(look(1.9, at(900, 900, 900), 9), ([100, 0], [7, 8], 5));
        assert_eq!(look(3.0, at(101, 27, 8), 8), ([1, 0], [10, 0], 2));
        // Another one of the same name begins anew.
        assert_eq!(look(4.0, at(0, 27, 9), 8), ([0, 0], [0, 1], 0));
    }
}
