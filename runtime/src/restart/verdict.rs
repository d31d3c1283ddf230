use serde::{Deserialize, Serialize};

/// Whether trying again after an error is worth it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It is. The default.
    #[default]
    Again,
    /// Not soon (refused credentials, the wrong socket type): the next try waits for
    /// about the ceiling of the back-off.
    Refused,
    /// No retry will help.
    Fatal,
}
