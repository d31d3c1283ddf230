use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Endpoint, EndpointError, Use};

/// A host and a port: the address of every transport that rides on IP.
///
/// An IPv6 address stands in brackets. The host `*` (every IPv4 interface) and the port `*` or 0 (any free one) are for
/// listening only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// The machine.
    pub host: Host,
    /// The port; 0 is any free one.
    pub port: u16,
}

/// The host of a [`HostPort`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// Every IPv4 interface.
    Any,
    /// An address.
    Ip(IpAddr),
    /// A name to be resolved.
    Name(String),
}

impl HostPort {
    /// The host and port that `endpoint` has as its address.
    ///
    /// # Errors
    /// [`EndpointError::BadAddress`], which says what is allowed.
    pub fn of(endpoint: &Endpoint, wanted: Use) -> Result<Self, EndpointError> {
        let bad = |allowed: &str| EndpointError::BadAddress {
            address: endpoint.address().to_owned(),
            endpoint: endpoint.without_options().to_string(),
            wanted,
            allowed: allowed.to_owned(),
        };
        let (host, port) = endpoint
            .address()
            .rsplit_once(':')
            .ok_or_else(|| bad("write host:port"))?;
        let host = Host::parse(host).map_err(bad)?;
        let port = match port {
            "*" => 0,
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits
                .parse()
                .map_err(|_| bad("the port is a number from 0 to 65535"))?,
            _ => return Err(bad("the port is a number from 0 to 65535")),
        };
        if wanted == Use::Dial && host == Host::Any {
            return Err(bad("the host * is only to listen on, name one to dial"));
        }
        if wanted == Use::Dial && port == 0 {
            return Err(bad("the port 0 is only to listen on, name one to dial"));
        }
        Ok(Self { host, port })
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(inner) = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
        {
            let address: Ipv6Addr = inner
                .parse()
                .map_err(|_| "between [ and ] stands an IPv6 address")?;
            return Ok(Self::Ip(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Ip(address.into()));
        }
        if text.contains(':') {
            return Err("write an IPv6 address in brackets, [::1]:5555 for instance");
        }
        let in_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.is_empty() || !text.chars().all(in_name) {
            return Err(
                "the host is a name, an IPv4 address, an IPv6 address in brackets, or * to listen",
            );
        }
        Ok(Self::Name(text.to_owned()))
    }

    /// Whether it is this machine itself: a loopback address or `localhost`.
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Ip(address) => address.is_loopback(),
            Self::Name(name) => name.eq_ignore_ascii_case("localhost"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(address: &str, wanted: Use) -> Result<HostPort, String> {
        let endpoint: Endpoint = format!("tcp://{address}").parse().unwrap();
        HostPort::of(&endpoint, wanted).map_err(|error| error.to_string())
    }

    #[test]
    fn the_forms_of_a_host() {
        let host = |address| parse(address, Use::Listen).unwrap().host;
        assert_eq!(host("*:*"), Host::Any);
        assert_eq!(host("[::1]:1"), Host::Ip(Ipv6Addr::LOCALHOST.into()));
        assert_eq!(host("127.0.0.1:1"), Host::Ip(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(host("db-1.example:1"), Host::Name("db-1.example".into()));
        assert!(host("LocalHost:1").is_loopback());
    }

    #[test]
    fn errors_say_what_is_allowed() {
        let check =
            |address, wanted, error: &str| assert_eq!(parse(address, wanted).unwrap_err(), error);
        check(
            "h",
            Use::Dial,
            r#"bad address "h" in "tcp://h" to dial: write host:port"#,
        );
        check(
            "h:99999",
            Use::Dial,
            r#"bad address "h:99999" in "tcp://h:99999" to dial: the port is a number from 0 to 65535"#,
        );
        check(
            "h:+1",
            Use::Dial,
            r#"bad address "h:+1" in "tcp://h:+1" to dial: the port is a number from 0 to 65535"#,
        );
        check(
            "h:0",
            Use::Dial,
            r#"bad address "h:0" in "tcp://h:0" to dial: the port 0 is only to listen on, name one to dial"#,
        );
        check(
            "*:1",
            Use::Dial,
            r#"bad address "*:1" in "tcp://*:1" to dial: the host * is only to listen on, name one to dial"#,
        );
        check(
            "::1:1",
            Use::Listen,
            r#"bad address "::1:1" in "tcp://::1:1" to listen on: write an IPv6 address in brackets, [::1]:5555 for instance"#,
        );
        check(
            "[x]:1",
            Use::Listen,
            r#"bad address "[x]:1" in "tcp://[x]:1" to listen on: between [ and ] stands an IPv6 address"#,
        );
    }
}
