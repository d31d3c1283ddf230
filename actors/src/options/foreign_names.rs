//! What other libraries call the options, for their users.

pub(super) enum Meaning {
    /// An option of ours, and what is different about it.
    Option(&'static str, &'static str),
    /// An option of a transport, which stands in the URL.
    Url(&'static str, &'static str),
    /// There is none: why, or what to use.
    Otherwise(&'static str),
}

use Meaning::{Option, Otherwise, Url};

pub(super) type Table = &'static [(&'static str, Meaning)];

pub(super) const TABLES: &[(&str, Table)] = &[("ZeroMQ", ZEROMQ), ("nanomsg and NNG", NANOMSG)];

const TIMEOUT: &str =
    "without end is `none`; for no wait at all there are `try_send` and `try_recv`";
const NOT_YET: &str = "no such socket type yet";
const NO_SECURITY: &str = "no encryption and no passwords yet";
const NO_MULTICAST: &str = "no multicast transport yet";
const EVENTS: &str = "handles are futures and streams: await `recv`, or `select!` over several";

const ZEROMQ: Table = &[
    (
        "ZMQ_SNDHWM",
        Option(
            "send-messages-max",
            "for each peer; bytes are bounded as well, by `send-bytes-max`; never 0 for no bound",
        ),
    ),
    (
        "ZMQ_RCVHWM",
        Option(
            "receive-messages-max",
            "for each peer; the peer is told and stops sending; bytes are bounded as well, by `receive-bytes-max`",
        ),
    ),
    (
        "ZMQ_LINGER",
        Option(
            "linger",
            "`1s` by default, without end there, which it never is here: `close(None)` waits for ever, and `close` takes a time of its own",
        ),
    ),
    (
        "ZMQ_CONFLATE",
        Option(
            "overflow",
            "`conflate`, with `send-messages-max` 1 there and `receive-messages-max` 1 at the receiver",
        ),
    ),
    (
        "ZMQ_XPUB_NODROP",
        Option("overflow", "`wait` or `refuse` of a `Pub`"),
    ),
    (
        "ZMQ_HANDSHAKE_IVL",
        Option(
            "handshake-deadline",
            "`5s` by default, 30 s there; never 0 for no bound",
        ),
    ),
    (
        "ZMQ_CONNECT_TIMEOUT",
        Option(
            "handshake-deadline",
            "connecting has the same time as the handshake after it",
        ),
    ),
    (
        "ZMQ_HEARTBEAT_IVL",
        Option(
            "heartbeat-interval",
            "`5s` by default, off there; only a quiet peer is asked; never off",
        ),
    ),
    (
        "ZMQ_HEARTBEAT_TIMEOUT",
        Option(
            "dead-after",
            "counts from the last sign of life, not from the ping",
        ),
    ),
    (
        "ZMQ_HEARTBEAT_TTL",
        Option("dead-after", "each end has its own"),
    ),
    (
        "ZMQ_MAXMSGSIZE",
        Option(
            "message-bytes-max",
            "`64MiB` by default, no bound there; whole messages, not parts",
        ),
    ),
    (
        "ZMQ_RECONNECT_IVL",
        Option(
            "reconnect-first",
            "`50ms` by default, 100 ms there; the first retry comes at once, later waits are random and grow; `reconnect` `off` is -1",
        ),
    ),
    (
        "ZMQ_RECONNECT_IVL_MAX",
        Option(
            "reconnect-ceiling",
            "on by default: 1 s on one machine, 10 s beyond",
        ),
    ),
    (
        "ZMQ_RECONNECT_STOP",
        Option(
            "reconnect-stop",
            "`refused`, `handshake` or `both`; `reconnect-attempts` as well; `redial` starts anew what was given up; what is undialed is never dialed again",
        ),
    ),
    (
        "ZMQ_REQ_CORRELATE",
        Otherwise("requests always carry a correlation"),
    ),
    (
        "ZMQ_REQ_RELAXED",
        Option(
            "lock-step",
            "`strict` without it, `relaxed` with it; by default any number of requests may be under way",
        ),
    ),
    (
        "ZMQ_IMMEDIATE, ZMQ_DELAY_ATTACH_ON_CONNECT",
        Option(
            "immediate",
            "what is queued for a dialed peer that goes is dropped, too",
        ),
    ),
    (
        "ZMQ_PUSH, ZMQ_REQ, ZMQ_DEALER",
        Option(
            "balance",
            "they send to the next in turn, which is `round-robin`; by default who is slow gets less",
        ),
    ),
    (
        "ZMQ_LAST_ENDPOINT",
        Otherwise("`endpoints()` of the handle"),
    ),
    (
        "ZMQ_TYPE",
        Otherwise("the type of the handle: `PushSocket`, `PullSocket` and so on"),
    ),
    (
        "ZMQ_RCVMORE",
        Otherwise("a message has all its parts: `Content::parts`"),
    ),
    ("ZMQ_RCVTIMEO", Option("receive-timeout", TIMEOUT)),
    ("ZMQ_SNDTIMEO", Option("send-timeout", TIMEOUT)),
    ("ZMQ_EVENTS", Otherwise(EVENTS)),
    ("ZMQ_FD", Otherwise(EVENTS)),
    (
        "ZMQ_THREAD_SAFE",
        Otherwise("every handle may be used by many tasks and threads at once"),
    ),
    (
        "ZMQ_AFFINITY",
        Otherwise("`placement` says on which arbiter a socket runs"),
    ),
    (
        "ZMQ_ROUTING_ID, ZMQ_IDENTITY",
        Otherwise(
            "a node says its name and instance; answers find their asker by the `Source` of the message",
        ),
    ),
    ("ZMQ_CONNECT_ROUTING_ID", Otherwise("as `ZMQ_ROUTING_ID`")),
    (
        "ZMQ_ROUTER_MANDATORY",
        Otherwise("`send_to` a peer that is gone always is an error, and gives the message back"),
    ),
    (
        "ZMQ_ROUTER_HANDOVER",
        Otherwise("peers are told apart by their connection, not by a name that two may claim"),
    ),
    (
        "ZMQ_ROUTER_NOTIFY",
        Otherwise("`events()` tells who comes and goes"),
    ),
    ("ZMQ_ROUTER_RAW", Otherwise("no raw sockets yet")),
    ("ZMQ_STREAM_NOTIFY", Otherwise("no raw sockets yet")),
    (
        "ZMQ_PROBE_ROUTER",
        Otherwise("both ends know of a connection: `events()`"),
    ),
    (
        "ZMQ_HELLO_MSG",
        Option(
            "hello-message",
            "of `Push` and composed sockets; `events()` tells every socket who comes",
        ),
    ),
    (
        "ZMQ_DISCONNECT_MSG",
        Option(
            "disconnect-message",
            "of `Pull` and composed sockets; `events()` tells every socket who goes",
        ),
    ),
    (
        "ZMQ_HICCUP_MSG",
        Option(
            "hiccup-message",
            "as `ZMQ_DISCONNECT_MSG`; `events()` tells the states of what is dialed",
        ),
    ),
    (
        "ZMQ_SUBSCRIBE",
        Otherwise(
            "`subscribe` of `Sub`, before it is spawned and while it runs: by prefix, or by tokens",
        ),
    ),
    ("ZMQ_UNSUBSCRIBE", Otherwise("`unsubscribe` of `SubSocket`")),
    (
        "ZMQ_INVERT_MATCHING",
        Option("invert-matching", "of the publisher alone"),
    ),
    (
        "ZMQ_ONLY_FIRST_SUBSCRIBE",
        Otherwise("no sockets yet that see subscriptions"),
    ),
    (
        "ZMQ_TOPICS_COUNT",
        Otherwise("no sockets yet that see subscriptions"),
    ),
    (
        "ZMQ_XPUB_MANUAL",
        Otherwise("no sockets yet that see subscriptions"),
    ),
    (
        "ZMQ_XPUB_VERBOSE",
        Otherwise("no sockets yet that see subscriptions"),
    ),
    (
        "ZMQ_XPUB_VERBOSER",
        Otherwise("no sockets yet that see subscriptions"),
    ),
    (
        "ZMQ_XPUB_WELCOME_MSG",
        Otherwise("no sockets yet that see subscriptions"),
    ),
    (
        "ZMQ_XSUB_VERBOSE_UNSUBSCRIBE",
        Otherwise("no sockets yet that see subscriptions"),
    ),
    (
        "ZMQ_TCP_KEEPALIVE",
        Url(
            "keepalive",
            "off by default, as the system has it there; heartbeats find a dead peer sooner",
        ),
    ),
    (
        "ZMQ_TCP_KEEPALIVE_IDLE",
        Url(
            "keepalive-idle",
            "`30s`, there seconds; heartbeats find a dead peer sooner",
        ),
    ),
    (
        "ZMQ_TCP_KEEPALIVE_INTVL",
        Url(
            "keepalive-interval",
            "`5s`, there seconds; heartbeats find a dead peer sooner",
        ),
    ),
    (
        "ZMQ_TCP_KEEPALIVE_CNT",
        Url("keepalive-probes", "heartbeats find a dead peer sooner"),
    ),
    (
        "ZMQ_TCP_MAXRT",
        Otherwise("`dead-after` also ends a connection of which nothing leaves"),
    ),
    (
        "ZMQ_SNDBUF",
        Url("send-buffer-bytes", "of `tcp`, `ws` and `ipc`"),
    ),
    (
        "ZMQ_RCVBUF",
        Url("receive-buffer-bytes", "of `tcp` and `ws`"),
    ),
    ("ZMQ_BACKLOG", Otherwise("the largest the system allows")),
    (
        "ZMQ_TCP_ACCEPT_FILTER",
        Url(
            "allow",
            "all networks in one list; `deny` as well; who dials is held to it, too",
        ),
    ),
    (
        "ZMQ_IPV6, ZMQ_IPV4ONLY",
        Otherwise("the address says it: `tcp://[::1]:5555`, `tcp://127.0.0.1:5555`"),
    ),
    (
        "ZMQ_BINDTODEVICE",
        Otherwise("listen on the address of the device"),
    ),
    ("ZMQ_TOS", Otherwise("not offered")),
    ("ZMQ_PRIORITY", Otherwise("not offered")),
    (
        "ZMQ_BUSY_POLL",
        Otherwise(
            "not offered; a connection in a bulk transfer looks again for 50 µs before it sleeps",
        ),
    ),
    (
        "ZMQ_USE_FD",
        Otherwise("a transport of your own, registered with the node, takes any descriptor"),
    ),
    ("ZMQ_SOCKS_PROXY", Otherwise("not offered")),
    ("ZMQ_IN_BATCH_SIZE", Otherwise("batches follow the load")),
    ("ZMQ_OUT_BATCH_SIZE", Otherwise("batches follow the load")),
    ("ZMQ_METADATA", Otherwise("messages carry `Headers`")),
    ("ZMQ_MECHANISM", Otherwise(NO_SECURITY)),
    (
        "ZMQ_CURVE_SERVER and the other ZMQ_CURVE_…",
        Otherwise(NO_SECURITY),
    ),
    (
        "ZMQ_PLAIN_SERVER and the other ZMQ_PLAIN_…",
        Otherwise(NO_SECURITY),
    ),
    (
        "ZMQ_GSSAPI_SERVER and the other ZMQ_GSSAPI_…",
        Otherwise(NO_SECURITY),
    ),
    ("ZMQ_ZAP_DOMAIN", Otherwise(NO_SECURITY)),
    (
        "ZMQ_IPC_FILTER_UID",
        Url("peer-uid", "of `ipc`, on both sides"),
    ),
    (
        "ZMQ_IPC_FILTER_GID",
        Url("peer-gid", "of `ipc`, on both sides"),
    ),
    (
        "ZMQ_IPC_FILTER_PID",
        Otherwise("a process id is no identity; `peer-uid` is"),
    ),
    ("ZMQ_RATE", Otherwise(NO_MULTICAST)),
    ("ZMQ_RECOVERY_IVL", Otherwise(NO_MULTICAST)),
    ("ZMQ_MULTICAST_HOPS", Otherwise(NO_MULTICAST)),
    ("ZMQ_MULTICAST_LOOP", Otherwise(NO_MULTICAST)),
    ("ZMQ_MULTICAST_MAXTPDU", Otherwise(NO_MULTICAST)),
    (
        "ZMQ_VMCI_BUFFER_SIZE and the other ZMQ_VMCI_…",
        Otherwise("no VMCI transport"),
    ),
];

const NANOMSG: Table = &[
    (
        "NN_SNDBUF",
        Option(
            "send-bytes-max",
            "for each peer; `16MiB` by default, 128 KiB there; one larger message passes, as there; messages are bounded as well, by `send-messages-max`",
        ),
    ),
    (
        "NN_RCVBUF",
        Option(
            "receive-bytes-max",
            "for each peer; `16MiB` by default, 128 KiB there; one larger message passes, as there; messages are bounded as well, by `receive-messages-max`",
        ),
    ),
    (
        "NNG_OPT_SENDBUF",
        Option(
            "send-messages-max",
            "for each peer; never 0; bytes are bounded as well, by `send-bytes-max`",
        ),
    ),
    (
        "NNG_OPT_RECVBUF",
        Option(
            "receive-messages-max",
            "for each peer; never 0; bytes are bounded as well, by `receive-bytes-max`",
        ),
    ),
    (
        "NN_LINGER",
        Option(
            "linger",
            "`1s` by default; nanomsg ignores it, here it holds",
        ),
    ),
    (
        "NN_RCVMAXSIZE, NNG_OPT_RECVMAXSZ",
        Option(
            "message-bytes-max",
            "`64MiB` by default, 1 MiB in nanomsg; the connection that exceeds it ends, as there; never without a bound",
        ),
    ),
    (
        "NN_RECONNECT_IVL, NNG_OPT_RECONNMINT",
        Option(
            "reconnect-first",
            "`50ms` by default, 100 ms in nanomsg; the first retry comes at once, later waits are random and grow",
        ),
    ),
    (
        "NN_RECONNECT_IVL_MAX, NNG_OPT_RECONNMAXT",
        Option(
            "reconnect-ceiling",
            "on by default: 1 s on one machine, 10 s beyond",
        ),
    ),
    (
        "NN_SNDTIMEO, NNG_OPT_SENDTIMEO",
        Option("send-timeout", TIMEOUT),
    ),
    (
        "NN_RCVTIMEO, NNG_OPT_RECVTIMEO",
        Option("receive-timeout", TIMEOUT),
    ),
    (
        "NN_REQ_RESEND_IVL, NNG_OPT_REQ_RESENDTIME",
        Otherwise(
            "`idempotent()` on a request sends it elsewhere when its peer goes; how long it may take is `deadline`",
        ),
    ),
    (
        "NNG_OPT_REQ_RESENDTICK",
        Otherwise("nothing is resent by the clock"),
    ),
    (
        "NN_SNDPRIO",
        Option(
            "priority",
            "1 to 16, 8 by default, as there; in the URL that is dialed: `?priority=1`",
        ),
    ),
    (
        "NN_PUSH, NN_REQ, nng_push0_open, nng_req0_open",
        Option(
            "balance",
            "equal peers are sent to in turn, which is `round-robin`; by default who is slow gets less",
        ),
    ),
    ("NN_RCVPRIO", Otherwise("peers are received from in turn")),
    (
        "NN_IPV4ONLY",
        Otherwise("the address says it: `tcp://127.0.0.1:5555`"),
    ),
    (
        "NN_SOCKET_NAME, NNG_OPT_SOCKNAME",
        Otherwise("the name in `Push::new(name)`, its path in the tree"),
    ),
    (
        "NN_MAXTTL, NNG_OPT_MAXTTL",
        Otherwise("no devices that forward yet"),
    ),
    (
        "NN_SURVEYOR_DEADLINE, NNG_OPT_SURVEYOR_SURVEYTIME",
        Otherwise(NOT_YET),
    ),
    (
        "NN_SUB_SUBSCRIBE, NNG_OPT_SUB_SUBSCRIBE",
        Otherwise(
            "`subscribe` of `Sub`, before it is spawned and while it runs: by prefix, or by tokens",
        ),
    ),
    (
        "NN_SUB_UNSUBSCRIBE, NNG_OPT_SUB_UNSUBSCRIBE",
        Otherwise("`unsubscribe` of `SubSocket`"),
    ),
    (
        "NNG_OPT_SUB_PREFNEW",
        Option(
            "overflow",
            "at the publisher, for each subscriber: `drop-newest` or `drop-oldest`; what is missed is told",
        ),
    ),
    ("NNG_OPT_PAIR1_POLY", Otherwise(NOT_YET)),
    (
        "NN_SNDFD, NN_RCVFD, NNG_OPT_SENDFD, NNG_OPT_RECVFD",
        Otherwise(EVENTS),
    ),
    ("NN_DOMAIN, NNG_OPT_RAW", Otherwise("no raw sockets yet")),
    (
        "NN_PROTOCOL, NNG_OPT_PROTO, NNG_OPT_PROTONAME",
        Otherwise("the type of the handle: `PushSocket`, `PullSocket` and so on"),
    ),
    (
        "NNG_OPT_PEER, NNG_OPT_PEERNAME",
        Otherwise("the tree shows `peer socket` of each connection"),
    ),
    (
        "NNG_OPT_LOCADDR, NNG_OPT_REMADDR",
        Otherwise("`endpoints()` and `pipes()`; the tree shows `local` and `peer`"),
    ),
    ("NNG_OPT_URL", Otherwise("`endpoints()` and `pipes()`")),
    (
        "NN_TCP_NODELAY, NNG_OPT_TCP_NODELAY",
        Url("nodelay", "on by default, as in NNG, off in nanomsg"),
    ),
    (
        "NNG_OPT_TCP_KEEPALIVE",
        Url(
            "keepalive",
            "off by default, as there; heartbeats find a dead peer sooner",
        ),
    ),
    (
        "NNG_OPT_TCP_BOUND_PORT",
        Otherwise("`endpoints()` of the handle"),
    ),
    ("NNG_OPT_IPC_PERMISSIONS", Url("mode", "of `ipc`")),
    (
        "NNG_OPT_PEER_UID, NNG_OPT_PEER_GID",
        Url(
            "peer-uid",
            "of `ipc`; `peer-gid` as well: who may be spoken to",
        ),
    ),
    (
        "NNG_OPT_PEER_PID, NNG_OPT_PEER_ZONEID",
        Otherwise("the tree names a peer of `ipc` by its process"),
    ),
    (
        "NN_WS_MSG_TYPE, NNG_OPT_WS_RECV_TEXT and NNG_OPT_WS_SEND_TEXT",
        Otherwise("frames are binary"),
    ),
    (
        "NNG_OPT_WS_REQUEST_HEADERS, NNG_OPT_WS_RESPONSE_HEADERS",
        Otherwise("not offered; `origin` says whose pages may connect"),
    ),
    (
        "NNG_OPT_TLS_CONFIG and the other NNG_OPT_TLS_…",
        Otherwise(NO_SECURITY),
    ),
];
