//! Established transport connections that do not speak a protocol yet.

pub(crate) mod cuttable;
mod cutter;
mod datagram;
mod message;
mod packet;
mod socket;
mod stream;

use std::fmt;

pub use cutter::Cutter;
pub use datagram::DatagramLink;
pub use message::MessageLink;
pub use packet::Packet;
pub use stream::StreamLink;

/// One established transport connection.
#[derive(Debug)]
pub struct Link {
    /// How its bytes move.
    pub io: LinkIo,
    /// Who is at the other end, for people: `10.0.0.7:50122`, a name, a path.
    pub peer: String,
    /// From where the peer comes, as the transport itself knows and not as the peer
    /// says: the same for all its links, for instance its IP address.
    pub host: String,
    /// Our own end, in the same form.
    pub local: String,
    /// Ends it from another thread.
    pub cutter: Cutter,
}

/// The three ways in which a transport moves bytes.
pub enum LinkIo {
    /// A byte stream: ordered, reliable, without boundaries.
    Stream(Box<dyn StreamLink>),
    /// Whole messages: ordered, reliable, with boundaries.
    Messages(Box<dyn MessageLink>),
    /// Datagrams: with boundaries, possibly lost, doubled or reordered.
    Datagrams(Box<dyn DatagramLink>),
}

impl fmt::Debug for LinkIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream(_) => "Stream",
            Self::Messages(_) => "Messages",
            Self::Datagrams(_) => "Datagrams",
        })
    }
}
