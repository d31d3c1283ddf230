use std::net::SocketAddr;

use ipnet::IpNet;

use crate::{Endpoint, TransportError};

/// Which hosts may be at the other end. One that reaches a listener for both families by IPv4
/// is known by its IPv4 address.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    /// `None` lists all.
    allowed: Option<Vec<IpNet>>,
    denied: Vec<IpNet>,
}

impl Admission {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        Self {
            allowed: endpoint.networks("allow"),
            denied: endpoint.networks("deny").unwrap_or_default(),
        }
    }

    /// # Errors
    /// Why it may not.
    pub(super) fn admits(&self, peer: SocketAddr) -> Result<(), String> {
        let host = peer.ip().to_canonical();
        let is_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&host));
        if is_in(&self.denied) {
            return Err("deny lists its address".to_owned());
        }
        match &self.allowed {
            Some(allowed) if !is_in(allowed) => Err("allow does not list its address".to_owned()),
            _ => Ok(()),
        }
    }

    /// Those of the addresses that may be dialed.
    ///
    /// # Errors
    /// There is none, and why.
    pub(super) fn admitted(
        &self,
        mut addresses: Vec<SocketAddr>,
        endpoint: &Endpoint,
    ) -> Result<Vec<SocketAddr>, TransportError> {
        let mut refused = None;
        addresses.retain(|&address| match self.admits(address) {
            Ok(()) => true,
            Err(reason) => {
                refused = Some((address, reason));
                false
            }
        });
        match refused {
            Some((peer, reason)) if addresses.is_empty() => Err(TransportError::BadPeer {
                peer: peer.to_string(),
                endpoint: endpoint.without_options().to_string(),
                reason,
            }),
            _ => Ok(addresses),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(options: &str, peer: &str) -> Option<String> {
        let endpoint: Endpoint = format!("tcp://*:0{options}").parse().unwrap();
        Admission::of(&endpoint).admits(peer.parse().unwrap()).err()
    }

    #[test]
    fn a_host_is_on_the_one_list_and_not_on_the_other() {
        let admits = |options: &str, peer: &str| refusal(options, peer).is_none();
        assert!(admits("", "192.0.2.1:7"));
        let options = "?allow=10.0.0.0/8,127.0.0.1,2001:db8::/32&deny=10.9.0.0/16";
        for peer in [
            "10.0.0.1:7",
            "10.255.0.1:7",
            "127.0.0.1:7",
            "[2001:db8:7::1]:7",
            "[::ffff:10.0.0.1]:7",
        ] {
            assert!(admits(options, peer), "{peer}");
        }
        for peer in ["11.0.0.1:7", "127.0.0.2:7", "[2001:db9::1]:7"] {
            let reason = refusal(options, peer);
            assert_eq!(reason.as_deref(), Some("allow does not list its address"));
        }
        for peer in ["10.9.0.1:7", "[::ffff:10.9.255.1]:7"] {
            let reason = refusal(options, peer);
            assert_eq!(reason.as_deref(), Some("deny lists its address"));
        }
        assert!(!admits("?deny=0.0.0.0/0", "192.0.2.1:7"));
        assert!(admits("?deny=0.0.0.0/0", "[::1]:7"));
    }
}
