use clap::{Args, ValueEnum};
use treewire::Delivery;

/// What is promised about the messages.
#[derive(Debug, Args)]
pub(crate) struct DeliveryArguments {
    /// What is promised about messages; both ends say the same
    #[arg(long, value_name = "PROMISE", value_enum, default_value_t = Promise::BestEffort)]
    delivery: Promise,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Promise {
    /// At most once: what was not confirmed when a connection ends is lost, and counted
    BestEffort,
    /// Exactly once and in order, over any number of connections, while both processes live
    Reliable,
}

impl DeliveryArguments {
    pub(crate) fn delivery(&self) -> Delivery {
        match self.delivery {
            Promise::BestEffort => Delivery::BestEffort,
            Promise::Reliable => Delivery::Reliable,
        }
    }
}
