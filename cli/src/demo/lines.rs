//! The demonstration as lines of text, for whatever is no terminal.

use std::io::{Write, stdout};
use std::time::Duration;

use treewire::NodeSnapshot;

use super::chronicle::{Entry, Mark};
use super::market::Totals;
use super::paint::Paint;
use crate::ending::{Ending, Outcome};
use crate::tree::{count, render};

/// How often it says how far things are.
const EVERY: Duration = Duration::from_secs(5);

pub(super) struct Lines {
    paint: Paint,
    /// When it said so last, and how far things were.
    before: (Duration, [u64; 3]),
}

impl Lines {
    pub(super) fn new(paint: Paint) -> Self {
        Lines {
            paint,
            before: (Duration::ZERO, [0; 3]),
        }
    }

    pub(super) fn tree(&self, when: &str, tree: &NodeSnapshot) -> Outcome {
        let heading = self.paint.bold(&format!("The tree {when}"));
        print(&format!("\n{heading}\n\n{}\n", render(tree)))
    }

    pub(super) fn entry(&self, entry: &Entry) -> Outcome {
        let at = entry.at.as_secs_f64();
        let sign = self.paint.mark(entry.mark, entry.mark.sign());
        print(&format!("{at:6.2} s  {sign} {}\n", entry.text))
    }

    /// Says now and then how much moves.
    pub(super) fn progress(&mut self, at: Duration, totals: &Totals) -> Outcome {
        let (then, before) = self.before;
        let passed = at - then;
        if passed < EVERY {
            return Ok(());
        }
        let now = [
            totals.questions.answered(),
            totals.orders.received(),
            totals.ticks.received(),
        ];
        let rate = |flow: usize| {
            let moved = now[flow].saturating_sub(before[flow]) as f64;
            count((moved / passed.as_secs_f64()).round() as u64)
        };
        let (quotes, orders, ticks) = (rate(0), rate(1), rate(2));
        let text = format!("{quotes} quotes/s, {orders} orders/s, {ticks} ticks/s");
        self.before = (at, now);
        let mark = Mark::Note;
        self.entry(&Entry { at, mark, text })
    }
}

pub(super) fn print(text: &str) -> Outcome {
    let mut stdout = stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    written
        .and_then(|()| stdout.flush())
        .map_err(|error| Ending::Failed(format!("cannot write to standard output: {error}")))
}
