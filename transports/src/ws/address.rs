use crate::{Endpoint, EndpointError, Use};

/// Host, port and path of an endpoint.
pub(super) struct Place {
    /// The same endpoint as TCP sees it: without the path.
    pub(super) of_tcp: Endpoint,
    /// As it stands in the request; begins with a slash.
    pub(super) path: String,
}

impl Place {
    pub(super) fn of(endpoint: &Endpoint, wanted: Use) -> Result<Self, EndpointError> {
        let address = endpoint.address();
        let (host, path) = match address.find('/') {
            Some(slash) => address.split_at(slash),
            None => (address, "/"),
        };
        let is_fit =
            |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'#' | b'<' | b'>');
        if !path.bytes().all(is_fit) {
            return Err(EndpointError::BadAddress {
                address: address.to_owned(),
                endpoint: endpoint.without_options().to_string(),
                wanted,
                allowed: "the path is written as in a URL, other characters as %20 for instance"
                    .to_owned(),
            });
        }
        Ok(Self {
            of_tcp: endpoint.with_address(host),
            path: path.to_owned(),
        })
    }
}
