use std::task::{Context, Poll};

use super::address::Place;
use super::over_stream;
use super::upgrade::{Server, Upgrade};
use crate::{Acceptor, Cutter, Endpoint, Link, Tcp, Transport, TransportError, Use};

/// Accepts TCP connections; each shakes hands by itself when it is polled, so that none holds up another.
pub(super) struct WsAcceptor {
    tcp: Box<dyn Acceptor>,
    server: Server,
    /// With the slash, if it is written.
    path: String,
    local: Endpoint,
}

impl WsAcceptor {
    pub(super) async fn bind(endpoint: Endpoint) -> Result<Self, TransportError> {
        let place = Place::of(&endpoint, Use::Listen)?;
        let written = endpoint.address().len() - place.of_tcp.address().len();
        let path = endpoint.address()[endpoint.address().len() - written..].to_owned();
        let tcp = Tcp.listen(place.of_tcp).await?;
        Ok(Self {
            server: Server::new(place.path, &endpoint),
            local: endpoint.with_address(format!("{}{path}", tcp.local().address())),
            path,
            tcp,
        })
    }
}

impl Acceptor for WsAcceptor {
    fn local(&self) -> &Endpoint {
        &self.local
    }

    fn cutter(&self) -> Cutter {
        self.tcp.cutter()
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<Link, TransportError>> {
        self.tcp.poll_accept(cx).map_ok(|link| {
            let link = over_stream(link, Upgrade::Server(self.server.clone()));
            Link {
                local: format!("{}{}", link.local, self.path),
                ..link
            }
        })
    }
}
