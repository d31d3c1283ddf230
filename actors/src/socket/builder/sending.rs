//! Options of sockets that send.

use super::{Push, Req, Socket};

macro_rules! sending_options {
    () => {
        /// Whether messages are queued for connected peers only: otherwise also for endpoints
        /// that are dialed and not connected yet, or not any more. With it a send waits until a
        /// peer is there, and what is queued for a best-effort peer that goes is dropped and
        /// counted, though it was dialed; requests, and what a reliable socket keeps, wait for
        /// the next peer. Sockets that send to sources go by the source alone. Default: false.
        pub fn immediate(mut self, connected_only: bool) -> Self {
            self.0.options.immediate = connected_only;
            self
        }
    };
}

impl Push {
    sending_options!();
}

impl Req {
    sending_options!();
}

impl Socket {
    sending_options!();
}
