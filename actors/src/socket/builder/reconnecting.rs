//! When what is dialed is dialed again, and when no more.

use std::time::Duration;

use super::{Pub, Pull, Push, Rep, Req, Socket, Sub};
use crate::core::ReconnectStop;

macro_rules! reconnecting_options {
    ($($socket:ident)*) => {
        $(impl $socket {
            /// The shortest wait before what is dialed is dialed again. The first retry comes at
            /// once; later waits are random, between this and three times the one before.
            /// Default 50 ms.
            pub fn reconnect_first(mut self, wait: Duration) -> Self {
                self.0.options.reconnect_first = Some(wait);
                self
            }

            /// The longest wait before what is dialed is dialed again. Default 1 s for what lies
            /// on this machine, 10 s for anything else.
            pub fn reconnect_ceiling(mut self, wait: Duration) -> Self {
                self.0.options.reconnect_ceiling = Some(wait);
                self
            }

            /// How often in a row what is dialed is tried in vain. Then it is given up: it is
            /// [`Closed`](crate::PipeState::Closed), keeps what waits for its peer and takes no
            /// more messages, until [`redial`](crate::SocketHandle::redial) or the next start of
            /// the socket begins a new row. Default `None`: for ever; so says 0.
            pub fn reconnect_attempts(mut self, attempts: impl Into<Option<u32>>) -> Self {
                let attempts = attempts.into().filter(|&attempts| attempts > 0);
                self.0.options.perseverance.attempts = attempts;
                self
            }

            /// On what else it is given up, at once. May be called again. Default: on nothing.
            pub fn reconnect_stop(mut self, condition: ReconnectStop) -> Self {
                self.0.options.perseverance.stop_on(condition);
                self
            }
        })*
    };
}

reconnecting_options!(Push Pull Req Rep Pub Sub Socket);
