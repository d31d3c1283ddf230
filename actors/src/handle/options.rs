use std::convert::Infallible;

use super::SocketHandle;
use crate::bound::Bound;
use crate::options::{OptionError, SocketOptions};

impl SocketHandle {
    /// How an option stands now, as it may be [set](Self::set); `docs/options.md` has all of
    /// them. An endpoint's URL may say otherwise for its own connections.
    ///
    /// # Errors
    /// The socket has no such option.
    pub fn get(&self, name: &str) -> Result<String, OptionError> {
        let options = self.shared.options();
        Ok(options.row(name)?.get(&options))
    }

    /// Changes an option while the socket runs: `set("send-messages-max", "5000")`. When that
    /// takes effect, and for which options there is no such thing, is in `docs/options.md` and
    /// in [`options`](crate::options). It outlives the socket's actors.
    ///
    /// # Errors
    /// The socket has no such option, the value does not fit it, or it is fixed; nothing is
    /// changed then.
    pub fn set(&self, name: &str, value: &str) -> Result<(), OptionError> {
        self.shared.set_option(name, value)
    }

    /// Changes how much may wait for one peer on the way out, at once: `send-messages-max` and
    /// `send-bytes-max`. What is queued stays, also above a lower bound.
    /// It is nothing to sockets that have no such options, which send nothing or answers alone.
    pub fn set_send_bound(&self, bound: Bound) {
        let Bound { messages, bytes } = bound.within_limits();
        self.change(|options| {
            options.send_messages_max = messages;
            options.send_bytes_max = bytes;
        });
    }

    /// Changes how much of one peer may be received and not handled yet, at once:
    /// `receive-messages-max` and `receive-bytes-max`. A lower bound holds once the peer has
    /// used up what it was allowed.
    pub fn set_receive_bound(&self, bound: Bound) {
        let Bound { messages, bytes } = bound.within_limits();
        self.change(|options| {
            options.receive_messages_max = messages;
            options.receive_bytes_max = bytes;
        });
    }

    fn change(&self, change: impl FnOnce(&mut SocketOptions)) {
        let Ok(()) = self.shared.change_options(|options| {
            change(options);
            Ok::<(), Infallible>(())
        });
    }
}
