use serde::{Deserialize, Serialize};

/// Who is made again when one child of a supervisor failed; OTP's strategies.
///
/// Whoever is taken along stops in reverse order and starts in order, each ready
/// before the next. A temporary child that is taken along ends there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    /// That child alone. The default.
    #[default]
    OneForOne,
    /// All children, for they depend on each other.
    OneForAll,
    /// That child and those that were started after it, for they depend on it.
    RestForOne,
}

/// Whether a supervisor ends when children that matter to it have done their work.
///
/// What counts is a [significant](crate::Child::significant) child that ended by
/// itself and is not restarted; one that was stopped by hand does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AutoShutdown {
    /// It does not. The default.
    #[default]
    Never,
    /// With the first of them.
    AnySignificant,
    /// With the last of them.
    AllSignificant,
}
