//! The programs of the guide are compiled, and run but for those that say `no_run`.

macro_rules! chapters {
    ($($chapter:ident: $path:literal)*) => {
        $(#[doc = include_str!(concat!("../docs/", $path))] struct $chapter;)*
    };
}

chapters! {
    FirstService: "first-service.md"
    Sockets: "sockets.md"
    Supervision: "supervision.md"
    Reliable: "reliable.md"
    PubSub: "pub-sub.md"
    Observing: "observing.md"
    FromZeromq: "from-zeromq.md"
    FromNanomsg: "from-nanomsg.md"
    FromNats: "from-nats.md"
    FromActix: "from-actix.md"
    FromErlang: "from-erlang.md"
    Delivery: "delivery.md"
}
