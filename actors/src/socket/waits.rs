use std::time::Duration;

use treewire_runtime::{Backoff, Patience};

use crate::options::SocketOptions;

/// The longest wait between two attempts to reach a peer on this machine.
const LOCAL_CEILING: Duration = Duration::from_secs(1);

/// The waits between the attempts of a dialer, which its supervisor keeps.
#[derive(Clone)]
pub(super) struct Waits {
    pub(super) patience: Patience,
    /// Those of a socket that says nothing.
    default: Backoff,
}

impl Waits {
    pub(super) fn new(is_local: bool) -> Self {
        let default = Backoff::default();
        Waits {
            patience: Patience::new(),
            default: match is_local {
                true => default.ceiling(LOCAL_CEILING),
                false => default,
            },
        }
    }

    /// The next one is as the options say.
    pub(super) fn follow(&self, options: &SocketOptions) {
        let ceiling = options.reconnect_ceiling.unwrap_or(self.default.ceiling);
        let backoff = self.default.first(options.reconnect_first);
        self.patience.set_backoff(backoff.ceiling(ceiling));
    }
}
