use std::net::SocketAddr;
use std::str::FromStr;

/// Where an observer is served: a socket address, or `http://` and one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(SocketAddr);

impl Address {
    /// The address to bind or connect to.
    pub fn socket(&self) -> SocketAddr {
        self.0
    }
}

/// An address of another form.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("bad observer address {0:?}: write an IP address and a port, as in http://127.0.0.1:7070")]
pub struct AddressError(String);

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let rest = text.strip_prefix("http://").unwrap_or(text);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let numeric = rest.replace("localhost:", "127.0.0.1:");
        numeric
            .parse()
            .map(Address)
            .map_err(|_| AddressError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_plain_addresses_are_the_same() {
        let expected: SocketAddr = "127.0.0.1:7070".parse().unwrap();
        for text in [
            "127.0.0.1:7070",
            "http://127.0.0.1:7070",
            "http://127.0.0.1:7070/",
            "localhost:7070",
        ] {
            assert_eq!(
                text.parse::<Address>().map(|address| address.socket()),
                Ok(expected)
            );
        }
        for text in [
            "",
            "7070",
            "https://127.0.0.1:7070",
            "example.org:80",
            "http://127.0.0.1",
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(
                error.to_string().contains("http://127.0.0.1:7070"),
                "{error}"
            );
        }
    }
}
