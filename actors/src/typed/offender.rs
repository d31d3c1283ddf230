use std::sync::Arc;

use treewire_runtime::{Origin, Panic};
use treewire_transports::Failure;

use super::QUARANTINED;
use crate::core::{Inlet, Ward};
use crate::message::Receipt;

/// The peer that sent a message of one type, if handling it panics.
pub(super) struct Offender {
    ward: Arc<Ward>,
    inlet: Arc<Inlet>,
    name: &'static str,
    is_pardoned: bool,
}

impl Offender {
    /// Further attempts at one message are no further offences.
    pub(super) fn of_attempt(ward: &Arc<Ward>, receipt: &Receipt, name: &'static str) -> Self {
        Offender {
            ward: ward.clone(),
            inlet: receipt.inlet().clone(),
            name,
            is_pardoned: receipt.is_redelivered(),
        }
    }
}

impl Origin for Offender {
    fn charge(&self, _: &Panic) {
        if !self.is_pardoned {
            self.ward.charge(&self.inlet, self.name);
        }
    }
}

/// What a quarantined peer is answered.
pub(super) fn refusal() -> Failure {
    let text = "three messages of this type from this node made their handler panic within a minute: \
                they are refused for a minute";
    Failure::new(QUARANTINED, text)
}
