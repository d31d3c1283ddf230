use std::sync::atomic::Ordering::SeqCst;

use crate::sync::AtomicU64;
use crate::tree::Signal;

/// Orders to the current generation, out of band: they overtake every queue.
///
/// One word holds the life they are meant for and the gravest order given, so
/// that a generation that was given up can tell that it is no longer in charge.
#[derive(Debug, Default)]
pub(crate) struct Orders(AtomicU64);

/// What a generation has to do about its orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Run,
    Stop,
    Kill,
}

impl Orders {
    const STOP: u64 = 1;
    const KILL: u64 = 2;
    const BITS: u32 = 2;

    /// A new generation takes charge, without orders.
    pub(crate) fn begin(&self, life: u64) {
        self.0.store(life << Self::BITS, SeqCst);
    }

    /// No generation is in charge until the next one begins.
    pub(crate) fn end(&self, life: u64) {
        // An error only says that a later life has begun already.
        let _ = self.0.fetch_update(SeqCst, SeqCst, |word| {
            (word >> Self::BITS == life).then_some(0)
        });
    }

    /// Whether `life` is in charge: it has not ended, and was not given up.
    pub(crate) fn is_in_charge(&self, life: u64) -> bool {
        self.0.load(SeqCst) >> Self::BITS == life
    }

    /// The life in charge, unless there is none, or it is to end now.
    pub(crate) fn lasting_life(&self) -> Option<u64> {
        let word = self.0.load(SeqCst);
        (word != 0 && word & 0b11 < Self::KILL).then_some(word >> Self::BITS)
    }

    /// Gives an order to `life`; ignored unless that life is in charge.
    pub(crate) fn give(&self, life: u64, signal: Signal) {
        let order = match signal {
            Signal::Stop => Self::STOP,
            Signal::Kill => Self::KILL,
        };
        let raise = |word: u64| {
            (word >> Self::BITS == life).then_some(word.max(life << Self::BITS | order))
        };
        // An error only says that the life is over.
        let _ = self.0.fetch_update(SeqCst, SeqCst, raise);
    }

    /// The order for `life`; a life that is no longer in charge is to end.
    pub(crate) fn for_life(&self, life: u64) -> Order {
        let word = self.0.load(SeqCst);
        if word >> Self::BITS != life {
            return Order::Kill;
        }
        match word & 0b11 {
            0 => Order::Run,
            Self::STOP => Order::Stop,
            _ => Order::Kill,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_order_stands_and_only_for_its_life() {
        let orders = Orders::default();
        assert_eq!(orders.lasting_life(), None);
        orders.begin(4);
        assert_eq!(orders.for_life(4), Order::Run);
        assert_eq!(orders.lasting_life(), Some(4));
        orders.give(3, Signal::Kill);
        assert_eq!(orders.for_life(4), Order::Run);
        orders.give(4, Signal::Kill);
        orders.give(4, Signal::Stop);
        assert_eq!(orders.for_life(4), Order::Kill);
        assert_eq!(orders.lasting_life(), None);
        orders.begin(5);
        assert_eq!(orders.for_life(5), Order::Run);
        assert_eq!(
            orders.for_life(4),
            Order::Kill,
            "an abandoned life must end"
        );
    }
}
