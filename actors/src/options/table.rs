//! The rows.

use std::time::Duration;

use treewire_transports::{Content, Delivery};

use super::kind::{
    Attempts, Bytes, Count, Instance, Kind, Maybe, Name, OneOf, Peers, Said, StopsOn, Switch, Time,
};
use super::macros::options;
use super::row::Changes::{AtOnce, Never, NextConnection, NextMessage, NextWait};
use super::{OptionRow, Place};
use crate::bound::{BYTES_MAX, MESSAGES_MAX, Overflow};
use crate::core::{ReconnectStop, Stickiness};
use crate::pattern::{Balance, LockStep, SocketType};
use crate::socket::{Pub, Pull, Push, Rep, Req, Socket, Sub};
use crate::typed::Codec;

/// The options of sockets, each once.
pub fn all() -> &'static [OptionRow] {
    TABLE
}

options! {
for [Push Req Pub Socket] {
    /// How many messages may wait for one peer on the way out. What is queued when the
    /// bound is lowered stays.
    send_messages_max(u64): Count<1, MESSAGES_MAX> = "1000", AtOnce, [Flag];

    /// How many bytes of payload and headers may wait for one peer on the way out. One
    /// larger message still passes.
    send_bytes_max(u64): Bytes<1, BYTES_MAX> = "16MiB", AtOnce, [Flag];
}

for [Push Pull Req Rep Pub Sub Socket] {
    /// How many messages of one peer may be received and not handled yet; the peer is
    /// told, and stops sending there. A lower bound holds once the peer has used up what it
    /// was allowed.
    receive_messages_max(u64): Count<1, MESSAGES_MAX> = "1000", AtOnce, [Flag];

    /// How many bytes of one peer may be received and not handled yet. One larger message
    /// still passes. A lower bound holds once the peer has used up what it was allowed.
    receive_bytes_max(u64): Bytes<1, BYTES_MAX> = "16MiB", AtOnce, [Flag];
}

for [Push Req Pub Socket] {
    /// What becomes of a message when the queues are at their bound or there is no peer. A
    /// subscriber that stalls holds up nobody.
    overflow(Overflow): OneOf<Overflow> = "wait" but Pub "drop-newest", NextMessage, [Flag];
}

for [Push Pull Req Rep Pub Sub Socket] {
    /// How long a socket that is stopped, with its node, with its group or by hand, waits
    /// for its peers to confirm what was sent, and so does `undial`. What could not be sent by
    /// the end of a stop waits for the next start. It counts when the wait begins: `close` has
    /// a time of its own.
    linger(Duration): Time<0> = "1s", AtOnce, [Flag];

    /// How long connecting may take, and then the handshake.
    handshake_deadline(Duration): Time<1> = "5s", NextConnection, [Flag Url];

    /// After this long without a frame, or a KiB of a large one, a peer is asked for a sign
    /// of life.
    heartbeat_interval(Duration): Time<1> = "5s", NextConnection, [Flag Url];

    /// After this long without a sign of life a peer is given up.
    dead_after(Duration): Time<1> = "15s", NextConnection, [Flag Url];

    /// The largest message that is taken, and the largest the socket sends, in bytes of
    /// payload and headers. In a URL it is what is taken there.
    message_bytes_max(u64): Bytes<1, BYTES_MAX> = "64MiB", NextConnection, [Flag Url];

    /// At most this many peers at a time; one more is told why it is refused. Those that
    /// are there when it is lowered stay.
    peers_max(usize): Peers = "none", NextConnection, [Flag];

    /// Whether what is dialed is dialed again when the connection ends or none could be
    /// made. Without, one attempt is made at each start of the socket and at each `redial`.
    reconnect(bool): Switch = "on", NextConnection, [Flag DialedUrl];

    /// The shortest wait before what is dialed is dialed again. The first retry comes at once;
    /// later waits are random, between this and three times the one before.
    reconnect_first(Duration): Time<1> = "50ms", NextWait, [Flag DialedUrl];

    /// The longest wait before what is dialed is dialed again. None is 1 s for what lies on
    /// this machine and 10 s for anything else.
    reconnect_ceiling(Duration): Maybe<Time<1>> = "none", NextWait, [Flag DialedUrl];

    /// How often in a row what is dialed is tried in vain; none, or 0, is for ever. Then it is
    /// given up: it is closed, keeps what waits for its peer and takes no more messages, until
    /// `redial` or the next start of the socket begins a new row.
    reconnect_attempts(impl Into<Option<u32>>): Attempts = "none", AtOnce, [Flag DialedUrl];

    /// On what else it is given up, at once: a connection that is refused, a handshake that
    /// failed for a reason that does not pass, or both. The builder method adds to it.
    reconnect_stop(ReconnectStop): StopsOn = "none", AtOnce, [Flag DialedUrl];

    /// Only the node of this instance id, in hexadecimal digits, may answer where the socket
    /// dials. When another does, that pipe is over, and what was queued there is given up, to be
    /// read as dead letters. The `stickiness` of reliable sockets says what becomes of such a
    /// pipe instead. In a URL it is who may answer there: so each peer has its own id.
    expect_peer([u8; 16]): Maybe<Instance> = "none",
        Never("the queues are for that node: spawn another socket"), [Flag DialedUrl];

    /// Which of several sockets behind an endpoint is meant; both ends say the same.
    service(impl Into<String>): Name = "none", NextConnection, [Flag Url];

    /// What is promised about messages; both ends say the same. `best-effort`: at most
    /// once; what was not confirmed when a connection ends is lost, and counted.
    /// `reliable`: none is lost and none handled twice while both processes live, whatever
    /// becomes of connections, endpoints and sockets: what a peer did not handle is kept,
    /// within `send-messages-max` and `send-bytes-max`, and sent again.
    delivery(Delivery): OneOf<Delivery> = "best-effort",
        Never("the peers know it: spawn another socket"), [Flag];

    /// What a reliable socket does when another node answers at an endpoint that it dials
    /// than the one its session is with: stay away from it, or send it everything again.
    /// In programs an actor may decide.
    stickiness(Stickiness): OneOf<Stickiness> = "stick", NextConnection, [Flag];

    /// How long the session with a peer that is away is kept.
    lease(Duration): Time<0> = "10m", AtOnce, [Flag];
}

for [Push Req Socket] {
    /// Whether messages are queued for connected peers only: otherwise also for endpoints that
    /// are dialed and not connected yet, or not any more. With it a send waits until a peer is
    /// there, and what is queued for a best-effort peer that goes is dropped and counted,
    /// though it was dialed; requests, and what a reliable socket keeps, wait for the next
    /// peer. Sockets that send to sources go by the source alone.
    immediate(bool): Switch = "off", NextMessage, [Flag];
}

for [Push Req Socket] {
    /// Where a socket sends to one of its peers: those with the lowest number that are connected
    /// and have room get the next message. In a URL it is that of what is dialed there,
    /// otherwise of all peers.
    priority(u64): Count<1, 16> = "8", NextConnection, [Flag DialedUrl];

    /// Where a socket sends to one of its peers: which of those with the lowest priority that are
    /// connected and have room gets the next message. `least-outstanding`: the one with the least
    /// queued or not handled yet, so that who is slow gets less. `round-robin`: the next in turn,
    /// so that each gets as many; who has no room misses its turn.
    balance(Balance): OneOf<Balance> = "least-outstanding", NextMessage, [Flag];
}

for [Push Req Pub Socket] {
    /// How long a call waits until its message is taken, for room or for a peer. Then it fails,
    /// and the message comes back. Where the overflow does not say `wait` nothing waits.
    send_timeout(impl Into<Option<Duration>>): Maybe<Time<1>> = "none", NextMessage, [Flag];
}

for [Pull Rep Sub Socket] {
    /// How long a call waits for a message to receive. Then it fails, and may be made again.
    /// Streams wait without end.
    receive_timeout(impl Into<Option<Duration>>): Maybe<Time<1>> = "none", NextMessage, [Flag];
}

for [Push Socket] {
    /// Sent to each peer that connects, also again, before anything else. It goes with best
    /// effort; otherwise the socket does not start.
    hello_message(impl Into<Content>): Said = "none",
        Never("peers that are there were greeted: spawn another socket"), [Flag];
}

for [Pull Socket] {
    /// Received when a peer went that dialed this socket, or that is not dialed again by itself:
    /// after all that came from it, and with its source. It is no message of that peer, which is
    /// not told that it was handled. Where as many messages of it as the receive bound has wait for their
    /// receiver it is dropped, and counted as orphaned. It goes with best effort; otherwise the
    /// socket does not start.
    disconnect_message(impl Into<Content>): Said = "none", Never("spawn another socket"), [Flag];

    /// Received when the connection of a peer ended that is dialed, and dialed again: as the
    /// disconnect message is.
    hiccup_message(impl Into<Content>): Said = "none", Never("spawn another socket"), [Flag];
}

for [Req] {
    /// Whether it asks one thing at a time: `strict` refuses a request as long as the one before
    /// it is under way, `relaxed` cancels that one, whose answer is dropped.
    lock_step(LockStep): OneOf<LockStep> = "off", NextMessage, [Flag];

    /// How long a request waits for its answer unless it says otherwise.
    deadline(Duration): Maybe<Time<1>> = "none", NextMessage, [Flag];
}

for [Push Req Pub] {
    /// How typed messages are encoded; those who get them understand all codecs, and answer in
    /// that of the request.
    codec(Codec): OneOf<Codec> = "postcard",
        Never("`with_codec` gives a handle of `push` or `req` another"), [];
}

for [Pub] {
    /// How many of the last messages are kept for subscribers that missed them: those that were
    /// away, or whose queue was at its bound. They get these before what is new, and are told what
    /// they missed only of what is not kept any more. Nobody is waited for then, whatever the
    /// overflow policy says.
    replay_messages_max(u64): Count<0, MESSAGES_MAX> = "0", NextMessage, [Flag];

    /// How many bytes of payload and headers the messages that are kept may have. One larger
    /// message still is.
    replay_bytes_max(u64): Bytes<1, BYTES_MAX> = "16MiB", NextMessage, [Flag];

    /// Whether a subscriber gets the messages that match none of its patterns, instead of those
    /// that match one.
    invert_matching(bool): Switch = "off", NextMessage, [Flag];
}

for [Rep Pull Sub] {
    /// The codec of peers that do not name theirs, as Treewire's own do: of programs in
    /// other languages that send a wire name and a payload, or where one type is served
    /// just a payload. Their messages have no fingerprint of the schema either: what fits
    /// the type is taken. They are answered in the same codec.
    foreign_codec(Codec): OneOf<Codec> = "postcard",
        Never("what is on its way is in the old one: spawn another socket"), [];
}
}
