use super::{Connector, Receiver, Sender};

/// A socket type: its name on the wire, whom it talks to, and its three parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketType {
    /// The name that stands in `OPEN` frames.
    pub name: &'static str,
    /// The name of the type it talks to.
    pub peer: &'static str,
    /// How many peers it takes, unless it is said otherwise.
    pub connector: Connector,
    /// To whom it sends.
    pub sender: Sender,
    /// From whom it receives.
    pub receiver: Receiver,
    /// It asks, and what it receives are answers.
    pub asks: bool,
}

impl SocketType {
    /// Sends each message to one of its peers.
    pub const PUSH: SocketType = SocketType {
        name: "push",
        peer: "pull",
        connector: Connector::Unlimited,
        sender: Sender::One,
        receiver: Receiver::Nobody,
        asks: false,
    };

    /// Receives from all its peers in turn.
    pub const PULL: SocketType = SocketType {
        name: "pull",
        peer: "push",
        connector: Connector::Unlimited,
        sender: Sender::Nobody,
        receiver: Receiver::All,
        asks: false,
    };

    /// Asks one of its peers and gets the answer; many requests at a time.
    pub const REQ: SocketType = SocketType {
        name: "req",
        peer: "rep",
        connector: Connector::Unlimited,
        sender: Sender::One,
        receiver: Receiver::Nobody,
        asks: true,
    };

    /// Answers requests of all its peers.
    pub const REP: SocketType = SocketType {
        name: "rep",
        peer: "req",
        connector: Connector::Unlimited,
        sender: Sender::Source,
        receiver: Receiver::All,
        asks: false,
    };

    /// Sends each message to those of its peers that subscribed to its topic.
    pub const PUB: SocketType = SocketType {
        name: "pub",
        peer: "sub",
        connector: Connector::Unlimited,
        sender: Sender::Subscribers,
        receiver: Receiver::Nobody,
        asks: false,
    };

    /// Receives from all its peers what it subscribed to.
    pub const SUB: SocketType = SocketType {
        name: "sub",
        peer: "pub",
        connector: Connector::Unlimited,
        sender: Sender::Nobody,
        receiver: Receiver::Subscribed,
        asks: false,
    };

    /// A type of one's own that talks to sockets of the same name. Subscriptions are those of
    /// [`PUB`](Self::PUB) and [`SUB`](Self::SUB) alone.
    pub const fn composed(name: &'static str, sender: Sender, receiver: Receiver) -> Self {
        SocketType {
            name,
            peer: name,
            connector: Connector::Unlimited,
            sender,
            receiver,
            asks: false,
        }
    }

    /// Whether its peers subscribe to what it sends.
    pub(crate) fn publishes(&self) -> bool {
        self.sender == Sender::Subscribers
    }

    /// Whether what is sent is for one connection, or session, and not for the next.
    pub(crate) fn renews(&self) -> bool {
        self.publishes() || self.subscribes()
    }

    /// Whether it subscribes to what it receives.
    pub(crate) fn subscribes(&self) -> bool {
        self.receiver == Receiver::Subscribed
    }
}
