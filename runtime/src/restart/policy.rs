use serde::{Deserialize, Serialize};

use crate::Exit;

/// When a child is made again after its generation ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Restart {
    /// Always. The default.
    #[default]
    Permanent,
    /// Only after an abnormal exit ([`Exit::is_abnormal`]).
    Transient,
    /// Never.
    Temporary,
}

impl Restart {
    pub(crate) fn wants(self, exit: &Exit) -> bool {
        match self {
            Restart::Permanent => true,
            Restart::Transient => exit.is_abnormal(),
            Restart::Temporary => false,
        }
    }
}
