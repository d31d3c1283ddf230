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
    before: (Duration, Totals),
}

impl Lines {
    pub(super) fn new(paint: Paint) -> Self {
        Lines {
            paint,
            before: (Duration::ZERO, Totals::default()),
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
        let (then, before) = &self.before;
        let passed = at - *then;
        if passed < EVERY {
            return Ok(());
        }
        let rate = |now: u64, before: u64| {
            let moved = now.saturating_sub(before) as f64;
            count((moved / passed.as_secs_f64()).round() as u64)
        };
        let text = format!(
            "{} quotes/s, {} orders/s",
            rate(totals.questions.answered(), before.questions.answered()),
            rate(totals.orders.received(), before.orders.received()),
        );
        self.before = (at, totals.clone());
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
