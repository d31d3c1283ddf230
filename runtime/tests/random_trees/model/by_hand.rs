//! What somebody does to a child by hand.

use std::time::Instant;

use super::{Child, Ended};

impl Child {
    /// Adds a child; it starts at once, or with its group if that rests.
    pub(crate) fn added(&mut self, child: Child, now: Instant) {
        self.children.push(child);
        if self.group_rests_from.is_none() {
            let place = self.children.len() - 1;
            let started = self.start_child(place, now);
            started.expect("a first start that fails is undone");
        }
    }

    /// Starts the child at `path`, unless it is up, or going to be with its group.
    pub(crate) fn started_by_hand(&mut self, path: &[usize], now: Instant) -> Result<(), Ended> {
        self.below(path, now, &mut |above, place| {
            let child = &mut above.children[place];
            let comes_alone = child.waits_until.is_some();
            if child.up || !above.up {
                return Ok(());
            }
            child.held = false;
            let number = child.number;
            match above.group_rests_from {
                Some(first) if number >= first => Ok(()),
                _ if comes_alone => Ok(()),
                _ => above.start_child(place, now),
            }
        })
    }

    /// Stops the child at `path` and starts it again; who waits alone waits no more.
    pub(crate) fn restarted_by_hand(&mut self, path: &[usize], now: Instant) -> Result<(), Ended> {
        let child = self.at(path);
        if child.up {
            child.stop(now);
            return self.below(path, now, &mut |above, place| above.start_child(place, now));
        }
        let (_, above) = path.split_last().expect("a child");
        if self.at(above).group_rests_from.is_none() {
            self.at(path).waits_until = None;
        }
        self.started_by_hand(path, now)
    }

    /// Stops the child at `path` by hand; a listed one stays, at rest. Its group does
    /// not wait for its sake.
    pub(crate) fn stopped_by_hand(&mut self, path: &[usize], now: Instant) -> Result<(), Ended> {
        self.below(path, now, &mut |above, place| {
            let child = &mut above.children[place];
            child.stop(now);
            child.held = true;
            if !child.listed {
                above.children.remove(place);
            }
            above.go_on(now)
        })
    }
}
