//! Options that do not go together, told when the socket starts.

use treewire_runtime::Failure;
use treewire_transports::Delivery;

use super::SocketActor;
use crate::core::is_said;
use crate::pattern::{Receiver, Sender};

impl SocketActor {
    /// # Errors
    /// What to set instead.
    pub(super) fn check_notices(&self) -> Result<(), Failure> {
        let (options, shared) = (self.shared.options(), &self.shared);
        let notices = [
            ("hello-message", true, &options.hello_message),
            ("disconnect-message", false, &options.disconnect_message),
            ("hiccup-message", false, &options.hiccup_message),
        ];
        for (name, says, content) in notices {
            if !is_said(content) {
                continue;
            }
            let socket_type = options.socket_type;
            if options.delivery != Delivery::BestEffort {
                let text = format!(
                    "{name} goes with best effort: leave it out, and listen to the socket's events"
                );
                return Err(Failure::fatal(text));
            }
            if says && socket_type.sender == Sender::Nobody {
                return Err(Failure::fatal(format!(
                    "{name} goes with sockets that send"
                )));
            }
            if !says && socket_type.receiver == Receiver::Nobody {
                return Err(Failure::fatal(format!(
                    "{name} goes with sockets that receive"
                )));
            }
            let fits = shared.core(|core| core.check_limits(content));
            fits.map_err(|reason| Failure::fatal(format!("{name} cannot be used: {reason}")))?;
        }
        Ok(())
    }
}
