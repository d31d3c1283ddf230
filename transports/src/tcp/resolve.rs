use std::net::{Ipv4Addr, SocketAddr};

use crate::{Endpoint, Host, HostPort, TransportError, Use};

/// Every address the endpoint's host stands for; at least one.
pub(super) async fn resolve(
    endpoint: &Endpoint,
    wanted: Use,
) -> Result<Vec<SocketAddr>, TransportError> {
    let HostPort { host, port } = HostPort::of(endpoint, wanted)?;
    let name = match host {
        Host::Any => return Ok(vec![(Ipv4Addr::UNSPECIFIED, port).into()]),
        Host::Ip(address) => return Ok(vec![(address, port).into()]),
        Host::Name(name) => name,
    };
    let not_found = |source| TransportError::NotFound {
        endpoint: endpoint.without_options().to_string(),
        source,
    };
    let found = tokio::net::lookup_host((name.as_str(), port)).await;
    let addresses: Vec<_> = found.map_err(|source| not_found(Some(source)))?.collect();
    if addresses.is_empty() {
        Err(not_found(None))
    } else {
        Ok(addresses)
    }
}
