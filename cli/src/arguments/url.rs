//! URLs are checked before anything starts, so that a wrong one is a usage error.

use std::str::FromStr;

use treewire::Endpoint;
use treewire::options::in_urls;
use treewire::transports::{EndpointError, Registry, Use};

pub(super) fn listened(text: &str) -> Result<String, EndpointError> {
    checked(text, Use::Listen)
}

pub(super) fn dialed(text: &str) -> Result<String, EndpointError> {
    checked(text, Use::Dial)
}

fn checked(text: &str, wanted: Use) -> Result<String, EndpointError> {
    let endpoint: Endpoint = text.parse()?;
    Registry::standard().check(&endpoint, wanted, &in_urls(wanted))?;
    Ok(endpoint.to_string())
}

pub(super) fn observed(text: &str) -> Result<String, treewire_observer::AddressError> {
    let _: treewire_observer::Address = text.parse()?;
    Ok(text.to_owned())
}

/// A node that shows its tree: `http://host:port`, host names included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeUrl(String);

impl NodeUrl {
    /// The URL of one of its pages; `path` begins with a slash.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("http://{}{path}", self.0)
    }
}

impl std::fmt::Display for NodeUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

impl FromStr for NodeUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("http://").unwrap_or(text);
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let allowed = "allowed is http://host:port, as in http://127.0.0.1:7070".to_owned();
        let Some((host, port)) = rest.rsplit_once(':') else {
            return Err(allowed);
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
        if host.is_empty() || !host.chars().all(is_host) || port.parse::<u16>().is_err() {
            return Err(allowed);
        }
        Ok(NodeUrl(rest.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_urls_have_a_host_and_a_port() {
        for text in [
            "http://127.0.0.1:7070",
            "127.0.0.1:7070/",
            "[::1]:7070",
            "box.example:80",
        ] {
            let url: NodeUrl = text.parse().unwrap();
            assert!(url.page("/api/tree").ends_with("0/api/tree"), "{url}");
        }
        for text in ["", "7070", ":7070", "https://a:1", "a:b", "http://a/b:1"] {
            assert!(
                text.parse::<NodeUrl>()
                    .unwrap_err()
                    .contains("http://127.0.0.1:7070")
            );
        }
    }
}
