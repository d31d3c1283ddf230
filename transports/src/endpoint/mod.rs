//! Where to listen or what to dial: `[dialect+]transport://address[/service][?option=value&…]`.

mod error;
mod host;
pub(crate) mod nearest;
mod network;
pub(crate) mod option;
mod parse;
mod percent;
pub mod value;

use std::fmt;
use std::time::Duration;

use ipnet::IpNet;

pub use error::EndpointError;
pub use host::{Host, HostPort};
pub use option::{OptionKind, OptionSpec};

/// The dialect of an endpoint that names none.
pub const DEFAULT_DIALECT: &str = "tw";

/// Transports whose address is a host and a port, so that a path behind it names a service.
const SERVICE_IN_PATH: [&str; 3] = ["tcp", "tls", "quic"];

/// The option that names a service where the path cannot.
const SERVICE_OPTION: &str = "service";

/// What an endpoint is to be used for; some addresses fit only one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// To connect to it.
    Dial,
    /// To accept connections there.
    Listen,
}

/// A parsed endpoint.
///
/// Parsing is purely syntactic: which transports, dialects and options there are is known to the
/// [`Registry`](crate::Registry) alone. `Display` gives text that parses to an equal endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    dialect: Option<String>,
    transport: String,
    address: String,
    service: Option<String>,
    options: Vec<(String, String)>,
}

impl Endpoint {
    /// The dialect spoken there; [`DEFAULT_DIALECT`] when none is written.
    pub fn dialect(&self) -> &str {
        self.dialect.as_deref().unwrap_or(DEFAULT_DIALECT)
    }

    /// The scheme of the transport, `tcp` for instance.
    pub fn transport(&self) -> &str {
        &self.transport
    }

    /// Where, in the transport's own form: `host:port`, a name, a path. Without the service.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The service meant behind the endpoint: the path of `tcp`, `tls` and `quic`, the option `service` elsewhere.
    pub fn service(&self) -> Option<&str> {
        self.service
            .as_deref()
            .or_else(|| self.option(SERVICE_OPTION))
    }

    /// The decoded value of an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every option as written, values decoded.
    pub fn options(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.options
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same endpoint at another address: what a wildcard became, for instance.
    pub fn with_address(&self, address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            ..self.clone()
        }
    }

    /// Whether the option is on; `default` when it is not written.
    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        let written = self.option(name).and_then(value::parse_switch);
        written.unwrap_or(default)
    }

    /// The value of an option the registry has checked to be an integer.
    pub(crate) fn integer(&self, name: &str) -> Option<u64> {
        self.option(name).and_then(|value| value.parse().ok())
    }

    /// The value of an option the registry has checked to be a number of bytes.
    pub(crate) fn bytes(&self, name: &str) -> Option<u64> {
        self.option(name).and_then(value::parse_bytes)
    }

    /// The value of an option the registry has checked to be a time.
    pub(crate) fn time(&self, name: &str) -> Option<Duration> {
        self.option(name).and_then(value::parse_time)
    }

    /// The values of an option the registry has checked to be integers.
    pub(crate) fn integers(&self, name: &str) -> Option<Vec<u64>> {
        let values = self.option(name)?.split(',');
        values.map(|value| value.parse().ok()).collect()
    }

    /// The values of an option the registry has checked to be networks.
    pub(crate) fn networks(&self, name: &str) -> Option<Vec<IpNet>> {
        network::parse_all(self.option(name)?)
    }

    /// The value of an option the registry has checked to be octal.
    pub(crate) fn octal(&self, name: &str) -> Option<u32> {
        self.option(name)
            .and_then(|value| u32::from_str_radix(value, 8).ok())
    }

    /// The endpoint without its options, which an error text must not repeat: a value may be private.
    pub(crate) fn without_options(&self) -> Self {
        Self {
            options: Vec::new(),
            ..self.clone()
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(dialect) = &self.dialect {
            write!(f, "{dialect}+")?;
        }
        write!(f, "{}://{}", self.transport, self.address)?;
        if let Some(service) = &self.service {
            write!(f, "/{}", percent::Encoded(service))?;
        }
        for (index, (name, value)) in self.options.iter().enumerate() {
            let mark = if index == 0 { '?' } else { '&' };
            write!(f, "{mark}{name}={}", percent::Encoded(value))?;
        }
        Ok(())
    }
}
