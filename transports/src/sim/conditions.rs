use std::ops::RangeInclusive;
use std::time::Duration;

/// What a [`SimNetwork`](super::SimNetwork) does to what it carries. By default nothing: whatever is sent arrives at
/// once.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditions {
    pub(super) delay: RangeInclusive<Duration>,
    pub(super) bytes_per_second: Option<u64>,
    pub(super) cut_after: Option<RangeInclusive<u64>>,
    pub(super) loss: f64,
    pub(super) doubling: f64,
    pub(super) reordering: f64,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO..=Duration::ZERO,
            bytes_per_second: None,
            cut_after: None,
            loss: 0.0,
            doubling: 0.0,
            reordering: 0.0,
        }
    }
}

impl Conditions {
    /// How long the way takes in one direction. Pieces of a stream and messages wait for what was sent before them;
    /// datagrams overtake. Default: no time.
    pub fn delay(mut self, delay: RangeInclusive<Duration>) -> Self {
        self.delay = delay;
        self
    }

    /// How many bytes a direction of a link carries in a second. Default: any number.
    pub fn bandwidth(mut self, bytes_per_second: u64) -> Self {
        self.bytes_per_second = Some(bytes_per_second.max(1));
        self
    }

    /// After how many bytes of either direction a stream or a link of messages is cut, drawn for each link when it is
    /// made. What is under way the other way is lost, too, from a random byte on. Default: never.
    pub fn cut_after(mut self, bytes: RangeInclusive<u64>) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// The share of datagrams that are lost, from 0 to 1. Default 0.
    pub fn loss(mut self, share: f64) -> Self {
        self.loss = share;
        self
    }

    /// The share of datagrams that arrive twice, from 0 to 1. Default 0.
    pub fn doubling(mut self, share: f64) -> Self {
        self.doubling = share;
        self
    }

    /// The share of datagrams that are held up, for up to four times the longest delay and 10 ms, so that later ones
    /// overtake them, from 0 to 1. Default 0.
    pub fn reordering(mut self, share: f64) -> Self {
        self.reordering = share;
        self
    }
}
