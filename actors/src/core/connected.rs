use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use treewire_transports::Credit;

use super::{FateNews, Inlet, Tracker};

/// The state that lives as long as one connection.
pub(super) struct Connected {
    pub(super) inlet: Arc<Inlet>,
    pub(super) sent: u64,
    pub(super) sent_bytes: u64,
    pub(super) credit: Credit,
    /// Without a session: which of those that left are tracked, by their numbers, the oldest
    /// first, until the peer handled them.
    pub(super) tracked: VecDeque<(u64, Tracker)>,
    /// What it sends is kept by a session, also if that ends before it does.
    pub(super) in_session: bool,
    /// The peer wants no more messages.
    pub(super) leaves: bool,
    /// The connection looks at the queue only when it is woken.
    pub(super) asleep: bool,
}

impl Connected {
    /// The peer handled some of what left.
    pub(super) fn acknowledge(&mut self, news: &mut FateNews) {
        let handled = self.credit.handled;
        while let Some((_, tracker)) = self.tracked.pop_front_if(|(number, _)| *number <= handled) {
            tracker.acknowledged(news);
        }
    }

    /// The message of that number does not leave, and those after it have lower numbers.
    pub(super) fn untrack(&mut self, number: u64) -> Option<Tracker> {
        let mut found = None;
        for at in (0..self.tracked.len()).rev() {
            match self.tracked[at].0.cmp(&number) {
                Ordering::Less => break,
                Ordering::Equal => found = self.tracked.remove(at),
                Ordering::Greater => self.tracked[at].0 -= 1,
            }
        }
        Some(found?.1)
    }

    pub(super) fn unconfirmed(&self) -> u64 {
        match self.in_session {
            true => 0,
            false => self.sent.saturating_sub(self.credit.handled),
        }
    }
}
