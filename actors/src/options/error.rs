use treewire_transports::nearest;

/// Why an option is not told or not changed. The fault is the caller's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the texts say what each field is")]
pub enum OptionError {
    /// A socket of this kind has no such option.
    #[error("unknown option {name:?}: {}allowed are {}", hint(name, allowed), allowed.join(", "))]
    Unknown {
        name: String,
        allowed: Vec<&'static str>,
    },

    /// The option exists, its value does not fit.
    #[error("bad value {value:?} for option {name:?}: allowed is {allowed}")]
    BadValue {
        name: &'static str,
        value: String,
        allowed: String,
    },

    /// The option cannot be changed once the socket is spawned.
    #[error("option {name:?} is fixed when the socket is spawned: {instead}")]
    Fixed {
        name: &'static str,
        instead: &'static str,
    },
}

/// The name that was meant, if one is much like it.
fn hint(name: &str, allowed: &[&'static str]) -> String {
    let nearest = nearest(name, allowed.iter().copied());
    nearest.map_or_else(String::new, |name| format!("the nearest is {name:?}, "))
}
