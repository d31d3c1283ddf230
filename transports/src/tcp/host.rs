use std::net::SocketAddr;

/// The machine behind an address. One that reaches a listener for both families by
/// IPv4 is the same as elsewhere.
pub(super) fn host(address: SocketAddr) -> String {
    address.ip().to_canonical().to_string()
}
