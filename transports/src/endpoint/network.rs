use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses and networks, separated by commas. `None` if one is neither.
pub(super) fn parse_all(text: &str) -> Option<Vec<IpNet>> {
    text.split(',').map(parse).collect()
}

fn parse(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => address.into(),
        Err(_) => text.parse::<IpNet>().ok()?,
    };
    // A peer is known by its IPv4 address, also when it comes by IPv6: this would never match.
    let is_mapped = network.addr().to_canonical() != network.addr();
    (!is_mapped).then_some(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_told_from_other_texts() {
        for text in ["10.0.0.0/8", "127.0.0.1,::1", "2001:db8::/32,0.0.0.0/0"] {
            assert!(parse_all(text).is_some(), "{text}");
        }
        for text in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/8,",
            "10.0.0.1 ",
            "::ffff:10.0.0.0/104",
        ] {
            assert!(parse_all(text).is_none(), "{text}");
        }
    }
}
