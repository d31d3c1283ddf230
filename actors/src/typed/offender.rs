use std::sync::Arc;

use treewire_runtime::{Origin, Panic};
use treewire_transports::Failure;

use super::QUARANTINED;
use crate::core::{Inlet, Ward};

/// The peer that sent a message of one type, if handling it panics.
pub(super) struct Offender {
    ward: Arc<Ward>,
    inlet: Arc<Inlet>,
    name: &'static str,
    is_pardoned: bool,
}

impl Offender {
    pub(super) fn new(ward: &Arc<Ward>, inlet: &Arc<Inlet>, name: &'static str) -> Self {
        Offender {
            ward: ward.clone(),
            inlet: inlet.clone(),
            name,
            is_pardoned: false,
        }
    }

    /// Answers for it, and is not charged once more.
    pub(super) fn pardoned(self) -> Self {
        Offender {
            is_pardoned: true,
            ..self
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
