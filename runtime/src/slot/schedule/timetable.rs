use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

/// What is due when. Time is an argument.
pub(super) struct Timetable<W> {
    /// By time, then in the order in which they were entered.
    rows: BTreeMap<(Instant, u64), Row<W>>,
    /// The next time of each row; of those, too, that are taken and come again.
    times: HashMap<u64, Instant>,
    /// Entered before anybody kept time: they count from the first reading.
    early: BTreeMap<u64, (Duration, Row<W>)>,
    /// Never used again.
    last_serial: u64,
}

struct Row<W> {
    work: W,
    /// It comes again, until it is cancelled.
    period: Option<Duration>,
}

/// Something whose time has come.
pub(super) struct Due<W> {
    pub(super) work: W,
    /// To be [put back](Timetable::put_back) with this: it comes again.
    pub(super) again: Option<Again>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    serial: u64,
    period: Duration,
}

/// What stands for "never": about 30 years.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3_600);
/// Timers have that grain.
const SHORTEST_PERIOD: Duration = Duration::from_millis(1);

impl<W> Default for Timetable<W> {
    fn default() -> Self {
        Timetable {
            rows: BTreeMap::new(),
            times: HashMap::new(),
            early: BTreeMap::new(),
            last_serial: 0,
        }
    }
}

impl<W> Timetable<W> {
    /// Enters what is due `delay` after `now`, which is `None` while nobody keeps
    /// time, and then every `period`.
    pub(super) fn enter(
        &mut self,
        now: Option<Instant>,
        delay: Duration,
        period: Option<Duration>,
        work: W,
    ) -> u64 {
        self.last_serial += 1;
        let serial = self.last_serial;
        let period = period.map(|period| period.max(SHORTEST_PERIOD));
        let row = Row { work, period };
        match now {
            Some(now) => self.insert(serial, after(now, delay), row),
            None => {
                self.early.insert(serial, (delay, row));
            }
        }
        serial
    }

    /// The next row whose time has come by `now`.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Due<W>> {
        for (serial, (delay, row)) in std::mem::take(&mut self.early) {
            self.insert(serial, after(now, delay), row);
        }
        let entry = self.rows.first_entry()?;
        let (at, serial) = *entry.key();
        if at > now {
            return None;
        }
        let Row { work, period } = entry.remove();
        let Some(period) = period else {
            self.times.remove(&serial);
            return Some(Due { work, again: None });
        };
        // What was missed is skipped; the beat is kept.
        let late = (now - at).as_nanos() % period.as_nanos();
        let to_next = period - Duration::from_nanos(late as u64);
        self.times.insert(serial, after(now, to_next));
        let again = Some(Again { serial, period });
        Some(Due { work, again })
    }

    /// Enters again what was taken, unless it was cancelled meanwhile: then it
    /// comes back.
    pub(super) fn put_back(&mut self, again: Again, work: W) -> Result<(), W> {
        let Again { serial, period } = again;
        let Some(at) = self.times.get(&serial) else {
            return Err(work);
        };
        let period = Some(period);
        self.rows.insert((*at, serial), Row { work, period });
        Ok(())
    }

    /// What was taken does not come again.
    pub(super) fn forget(&mut self, again: Again) {
        self.times.remove(&again.serial);
    }

    /// `None` if it came already, or was cancelled before; the work, unless it is
    /// taken just now.
    pub(super) fn cancel(&mut self, serial: u64) -> Option<Option<W>> {
        if let Some((_, row)) = self.early.remove(&serial) {
            return Some(Some(row.work));
        }
        let at = self.times.remove(&serial)?;
        Some(self.rows.remove(&(at, serial)).map(|row| row.work))
    }

    /// When [`take_due`](Self::take_due) has something next.
    pub(super) fn first(&self) -> Option<Instant> {
        self.rows.keys().next().map(|&(at, _)| at)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.early.is_empty()
    }

    /// Cancels everything.
    pub(super) fn clear(&mut self) -> Vec<W> {
        self.times.clear();
        let rows = std::mem::take(&mut self.rows).into_values();
        let early = std::mem::take(&mut self.early).into_values();
        let rows = rows.chain(early.map(|(_, row)| row));
        rows.map(|row| row.work).collect()
    }

    fn insert(&mut self, serial: u64, at: Instant, row: Row<W>) {
        self.times.insert(serial, at);
        self.rows.insert((at, serial), row);
    }
}

fn after(now: Instant, delay: Duration) -> Instant {
    now.checked_add(delay).unwrap_or_else(|| now + FAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Everything that is due, taken as an actor does.
    fn due(table: &mut Timetable<&'static str>, now: Instant) -> Vec<&'static str> {
        let mut taken = Vec::new();
        while let Some(Due { work, again }) = table.take_due(now) {
            if let Some(again) = again {
                table.put_back(again, work).unwrap();
            }
            taken.push(work);
        }
        taken
    }

    #[test]
    fn rows_come_by_time_and_then_as_entered() {
        let start = Instant::now();
        let mut table = Timetable::default();
        for (seconds, work) in [(2, "c"), (1, "a"), (1, "b"), (3, "d")] {
            table.enter(Some(start), SECOND * seconds, None, work);
        }
        assert!(due(&mut table, start).is_empty());
        assert_eq!(table.first(), Some(start + SECOND));
        assert_eq!(due(&mut table, start + SECOND * 2), ["a", "b", "c"]);
        assert_eq!(due(&mut table, start + SECOND * 9), ["d"]);
        assert!(table.is_empty());
    }

    #[test]
    fn after_a_stall_the_missed_is_skipped_and_the_beat_kept() {
        let start = Instant::now();
        let mut table = Timetable::default();
        table.enter(Some(start), SECOND, Some(SECOND), "tick");
        assert_eq!(due(&mut table, start + SECOND), ["tick"]);
        assert_eq!(due(&mut table, start + SECOND * 7 / 2), ["tick"]);
        assert_eq!(table.first(), Some(start + SECOND * 4));
    }

    #[test]
    fn what_was_entered_before_anybody_keeps_time_counts_from_the_first_reading() {
        let start = Instant::now();
        let mut table = Timetable::default();
        let cancelled = table.enter(None, SECOND, None, "a");
        table.enter(None, SECOND, None, "b");
        assert!(!table.is_empty());
        assert_eq!(table.cancel(cancelled), Some(Some("a")));
        assert!(due(&mut table, start).is_empty());
        assert_eq!(due(&mut table, start + SECOND), ["b"]);
    }

    #[test]
    fn what_is_cancelled_while_it_is_taken_does_not_come_again() {
        let start = Instant::now();
        let mut table = Timetable::default();
        let serial = table.enter(Some(start), SECOND, Some(SECOND), "tick");
        let Due { work, again } = table.take_due(start + SECOND).unwrap();
        assert_eq!(table.cancel(serial), Some(None));
        assert_eq!(table.put_back(again.unwrap(), work), Err("tick"));
        assert_eq!(table.cancel(serial), None);
        assert!(table.is_empty());
    }

    #[test]
    fn the_longest_delay_and_the_shortest_period_are_borne() {
        let start = Instant::now();
        let mut table = Timetable::default();
        table.enter(Some(start), Duration::MAX, None, "never");
        table.enter(Some(start), Duration::ZERO, Some(Duration::ZERO), "often");
        assert_eq!(due(&mut table, start), ["often"]);
        assert_eq!(due(&mut table, start + SECOND), ["often"]);
        assert_eq!(table.clear(), ["often", "never"]);
        assert!(table.is_empty());
    }
}
