use super::Use;
use super::nearest::hint;
use crate::Delivery;

/// Why a text is no endpoint, or an endpoint cannot be used. The fault is the configuration's.
///
/// No text repeats an option's value or a user part, except a value that is itself at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the texts say what each field is")]
pub enum EndpointError {
    /// There is no `://`.
    #[error("no transport in {text:?}: write transport://address, tcp://localhost:1 for instance")]
    NoTransport { text: String },

    /// There is nothing behind `://`.
    #[error("no address in {endpoint:?}: write transport://address")]
    NoAddress { endpoint: String },

    /// A dialect, transport or option is written in a way no name is.
    #[error(
        "{role} {found:?} in {endpoint:?} is not a name: allowed are a-z, 0-9, '-', '_' and '.', a letter first"
    )]
    Name {
        role: &'static str,
        found: String,
        endpoint: String,
    },

    /// A character that no address may hold.
    #[error(
        "the address in \"{endpoint}\" holds {found:?}: white space and control characters are not allowed"
    )]
    Character { found: char, endpoint: String },

    /// An option without `=`.
    #[error("option {name:?} in {endpoint:?} has no value: write {name}=…")]
    NoValue { name: String, endpoint: String },

    /// An option occurs more than once.
    #[error("option {name:?} in {endpoint:?} is given twice: give it once")]
    RepeatedOption { name: String, endpoint: String },

    /// A percent sign without two hexadecimal digits, or bytes that are not UTF-8.
    #[error(
        "{found:?} in option {name:?} in {endpoint:?} is no percent-encoded UTF-8: write %25 for a percent sign"
    )]
    Percent {
        found: String,
        name: String,
        endpoint: String,
    },

    /// A user or password before the host.
    #[error(
        "{endpoint:?} carries a user or a password: a secret never stands in an endpoint, which is logged; \
         name a file or an environment variable instead"
    )]
    Secret { endpoint: String },

    /// No such dialect is registered.
    #[error("unknown dialect {dialect:?} in {endpoint:?}: allowed are {}", allowed.join(", "))]
    UnknownDialect {
        dialect: String,
        endpoint: String,
        allowed: Vec<String>,
    },

    /// The dialect lacks what a promise about messages takes.
    #[error(
        "{dialect:?} in {endpoint:?} cannot keep the promise of delivery {delivery:?}: take BestEffort there, or speak tw"
    )]
    Delivery {
        dialect: String,
        endpoint: String,
        delivery: Delivery,
    },

    /// The dialect has no words for what sockets of that type say.
    #[error(
        "{dialect:?} in {endpoint:?} does not speak for {socket} sockets: take another type of socket there, or speak tw"
    )]
    Socket {
        dialect: String,
        endpoint: String,
        socket: String,
    },

    /// No such transport is registered.
    #[error("unknown transport {transport:?} in {endpoint:?}: allowed are {}", allowed.join(", "))]
    UnknownTransport {
        transport: String,
        endpoint: String,
        allowed: Vec<String>,
    },

    /// Nobody who uses the endpoint knows this option.
    #[error("unknown option {name:?} in {endpoint:?}: {}allowed are {}", hint(name, allowed), allowed.join(", "))]
    UnknownOption {
        name: String,
        endpoint: String,
        allowed: Vec<String>,
    },

    /// The option exists, its value does not fit.
    #[error("bad value {value:?} for option {name:?} in {endpoint:?}: allowed is {allowed}")]
    BadValue {
        value: String,
        name: String,
        endpoint: String,
        allowed: String,
    },

    /// The address does not have the transport's form, or does not fit the use.
    #[error("bad address {address:?} in {endpoint:?} to {}: {allowed}", use_name(*wanted))]
    BadAddress {
        address: String,
        endpoint: String,
        wanted: Use,
        allowed: String,
    },
}

fn use_name(wanted: Use) -> &'static str {
    match wanted {
        Use::Dial => "dial",
        Use::Listen => "listen on",
    }
}
