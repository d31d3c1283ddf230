//! WebSocket (RFC 6455): whole messages over TCP, through what lets HTTP pass; browsers can be peers.

mod address;
mod decode;
mod encode;
mod halves;
mod link;
mod listen;
mod upgrade;

use std::sync::LazyLock;

use self::address::Place;
use self::link::WsLink;
use self::listen::WsAcceptor;
use self::upgrade::{Client, Upgrade};
use crate::link::LinkIo;
use crate::{
    Acceptor, BoxFuture, Endpoint, EndpointError, Link, OptionKind, OptionSpec, Tcp, Transport,
    TransportError, Use,
};

/// The largest message that is taken, in bytes. A dialect cuts larger ones into frames of its own.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

const ORIGIN: OptionSpec = OptionSpec {
    name: "origin",
    value: OptionKind::Text,
    help: "whose pages may connect, for instance https://example.org, several separated by commas, or * for any; programs that are no browsers name no origin and always may; to listen; default: no page may",
};

static OPTIONS: LazyLock<Vec<OptionSpec>> = LazyLock::new(|| {
    let mut options = Tcp.options().to_vec();
    options.push(ORIGIN);
    options
});

/// The transport `ws://host:port[/path]`; the path is `/` by default.
///
/// Each message is one binary frame. The subprotocol is the endpoint's dialect with `.treewire` behind it; a client that
/// names none is accepted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ws;

impl Transport for Ws {
    fn scheme(&self) -> &'static str {
        "ws"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn check(&self, endpoint: &Endpoint, wanted: Use) -> Result<(), EndpointError> {
        let place = Place::of(endpoint, wanted)?;
        Tcp.check(&place.of_tcp, wanted)
    }

    fn is_local(&self, endpoint: &Endpoint) -> bool {
        Place::of(endpoint, Use::Listen).is_ok_and(|place| Tcp.is_local(&place.of_tcp))
    }

    fn dial(&self, endpoint: Endpoint) -> BoxFuture<'static, Result<Link, TransportError>> {
        Box::pin(async move {
            let place = Place::of(&endpoint, Use::Dial)?;
            let client = Client::new(place.of_tcp.address(), &place.path, &endpoint);
            let link = Tcp.dial(place.of_tcp).await?;
            Ok(Link {
                peer: endpoint.address().to_owned(),
                ..over_stream(link, Upgrade::Client(client))
            })
        })
    }

    fn listen(
        &self,
        endpoint: Endpoint,
    ) -> BoxFuture<'static, Result<Box<dyn Acceptor>, TransportError>> {
        Box::pin(async { Ok(Box::new(WsAcceptor::bind(endpoint).await?) as Box<dyn Acceptor>) })
    }
}

/// The link of whole messages over a link of bytes, whose upgrade begins with its first poll.
fn over_stream(link: Link, upgrade: Upgrade) -> Link {
    Link {
        io: match link.io {
            LinkIo::Stream(stream) => LinkIo::Messages(Box::new(WsLink::new(stream, upgrade))),
            other => other,
        },
        ..link
    }
}
