use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use parking_lot::Mutex;

/// A number that one side writes and anybody reads.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `amount`. Only one thread may write at a time: the one that polls the
    /// actor, or whoever holds the lock that guards what is counted.
    pub fn add(&self, amount: u64) {
        self.0
            .store(self.0.load(Relaxed).wrapping_add(amount), Relaxed);
    }

    /// Adds `amount`, from any thread.
    pub fn add_shared(&self, amount: u64) {
        self.0.fetch_add(amount, Relaxed);
    }

    /// Replaces the value, for gauges.
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// Raises the value to `value` if it is lower; single writer as [`add`](Self::add).
    pub fn raise(&self, value: u64) {
        if value > self.get() {
            self.set(value);
        }
    }

    /// The value now.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The counters of one child, over all its generations.
///
/// Written once per batch with relaxed stores, read by the observer without
/// asking the child, so that a stuck one is still visible.
#[derive(Debug, Default)]
pub struct Stats {
    /// Messages the actor handled.
    pub handled: Counter,
    /// How often the actor was polled.
    pub polls: Counter,
    /// Nanoseconds spent in those polls: an estimate, since of an actor whose polls
    /// are short one in eight is timed.
    pub busy_nanos: Counter,
    /// The longest of those that were timed, in nanoseconds.
    pub longest_poll_nanos: Counter,
    /// Messages that came in over a wire.
    pub messages_in: Counter,
    /// Messages that went out over a wire.
    pub messages_out: Counter,
    /// Bytes that came in over a wire.
    pub bytes_in: Counter,
    /// Bytes that went out over a wire.
    pub bytes_out: Counter,
    /// The arbiter of the current generation.
    pub(crate) arbiter: AtomicUsize,
    drops: Mutex<BTreeMap<&'static str, u64>>,
    details: Mutex<Details>,
}

/// What a kind of child says about itself.
/// A few, in a row without a gap: each of thousands of connections has some.
type Details = Vec<(&'static str, Detail)>;

#[derive(Debug)]
enum Detail {
    Text(Box<str>),
    Gauge(Arc<Counter>),
}

impl Stats {
    /// Counts `amount` messages that were dropped because of `cause`.
    pub fn dropped(&self, cause: &'static str, amount: u64) {
        if amount > 0 {
            *self.drops.lock().entry(cause).or_default() += amount;
        }
    }

    /// The dropped messages by cause.
    pub fn drops(&self) -> BTreeMap<String, u64> {
        self.drops
            .lock()
            .iter()
            .map(|(cause, count)| ((*cause).to_owned(), *count))
            .collect()
    }

    /// Says something about the child that its kind alone knows (endpoint, peer).
    pub fn describe(&self, key: &'static str, value: impl Into<String>) {
        let text = Detail::Text(value.into().into());
        insert(&mut self.details.lock(), key, text);
    }

    /// A number that is told under `key` while it is not zero. The same for the same key.
    pub fn gauge(&self, key: &'static str) -> Arc<Counter> {
        let mut details = self.details.lock();
        let known = details.iter().find(|(known, _)| *known == key);
        if let Some((_, Detail::Gauge(gauge))) = known {
            return gauge.clone();
        }
        let gauge: Arc<Counter> = Arc::default();
        insert(&mut details, key, Detail::Gauge(gauge.clone()));
        gauge
    }

    /// Takes back what [`describe`](Self::describe) said under `key`.
    pub fn undescribe(&self, key: &'static str) {
        self.details.lock().retain(|(known, _)| *known != key);
    }

    /// All that was described.
    pub fn details(&self) -> BTreeMap<String, String> {
        self.details
            .lock()
            .iter()
            .filter_map(|(key, detail)| {
                let value = match detail {
                    Detail::Text(text) => text.to_string(),
                    Detail::Gauge(gauge) if gauge.get() == 0 => return None,
                    Detail::Gauge(gauge) => gauge.get().to_string(),
                };
                Some(((*key).to_owned(), value))
            })
            .collect()
    }
}

fn insert(details: &mut Details, key: &'static str, detail: Detail) {
    match details.iter_mut().find(|(known, _)| *known == key) {
        Some((_, known)) => *known = detail,
        None => {
            details.reserve_exact(1);
            details.push((key, detail));
        }
    }
}
