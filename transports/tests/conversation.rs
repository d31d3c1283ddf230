//! The native dialect over real links: what the connection actors do, without actors.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use treewire_transports::{
    Content, Dialect, Endpoint, Envelope, Event, Input, Link, LinkIo, NodeHello, OpenChannel,
    Output, Registry, Role, Settings,
};

/// A dialect and the link it speaks over.
struct Speaker {
    dialect: Box<dyn Dialect>,
    io: LinkIo,
    output: Output,
    input: BytesMut,
    events: VecDeque<Event>,
}

impl Speaker {
    fn new(registry: &Registry, endpoint: &Endpoint, link: Link, role: Role) -> Self {
        let settings = Settings::new(NodeHello::default(), role);
        let mut dialect = registry
            .speak(endpoint, settings)
            .expect("tw is registered");
        let mut output = match &link.io {
            LinkIo::Stream(_) => Output::stream(),
            LinkIo::Messages(_) | LinkIo::Datagrams(_) => Output::packets(),
        };
        dialect.begin(Instant::now(), &mut output);
        Self {
            dialect,
            io: link.io,
            output,
            input: BytesMut::new(),
            events: VecDeque::new(),
        }
    }

    async fn write(&mut self) {
        match &mut self.io {
            LinkIo::Stream(stream) => {
                while !self.output.is_empty() {
                    let mut slices = [IoSlice::new(&[]); 16];
                    let filled = self.output.io_slices(&mut slices);
                    let written = stream
                        .write_vectored(&slices[..filled])
                        .await
                        .expect("the peer reads");
                    self.output.advance(written);
                }
            }
            LinkIo::Messages(link) => {
                while let Some(packet) = self.output.pop_packet() {
                    poll_fn(|cx| link.poll_ready(cx))
                        .await
                        .expect("the peer is there");
                    link.start_send(packet).expect("the peer is there");
                }
                poll_fn(|cx| link.poll_flush(cx))
                    .await
                    .expect("the peer reads");
            }
            LinkIo::Datagrams(_) => panic!("tw needs a reliable link"),
        }
    }

    async fn event(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            let input = match &mut self.io {
                LinkIo::Stream(stream) => {
                    self.input
                        .reserve(self.dialect.wanted_bytes(&self.input).max(4_096));
                    stream
                        .read_buf(&mut self.input)
                        .await
                        .expect("the peer writes");
                    Input::Stream(&mut self.input)
                }
                LinkIo::Messages(link) => {
                    let packet = poll_fn(|cx| link.poll_receive(cx))
                        .await
                        .expect("the peer writes");
                    Input::Packet(packet.expect("the peer has not ended"))
                }
                LinkIo::Datagrams(_) => panic!("tw needs a reliable link"),
            };
            let now = Instant::now();
            self.dialect
                .receive(input, now, &mut self.output, &mut self.events)
                .expect("the peer keeps the rules");
        }
    }
}

async fn messages_of_every_size_pass(place: &str) {
    let registry = Registry::standard();
    let place: Endpoint = place.parse().unwrap();
    let mut acceptor = registry.listen(&place).await.unwrap();
    let local = acceptor.local().clone();
    let (dialed, accepted) = tokio::join!(
        registry.dial(&local),
        poll_fn(|cx| acceptor.poll_accept(cx))
    );
    let mut dialer = Speaker::new(&registry, &local, dialed.unwrap(), Role::Dialer);
    let mut listener = Speaker::new(&registry, &local, accepted.unwrap(), Role::Listener);

    let open = OpenChannel {
        service: "quotes".into(),
        socket: "push".into(),
        ..OpenChannel::default()
    };
    let channel = dialer.dialect.open(&open, &mut dialer.output);
    tokio::join!(dialer.write(), listener.write());
    assert!(matches!(listener.event().await, Event::Hello(_)));
    assert_eq!(
        listener.event().await,
        Event::Open {
            channel,
            open: Box::new(open.clone())
        }
    );
    listener
        .dialect
        .accept(channel, &open, &mut listener.output);
    listener.write().await;
    assert!(matches!(dialer.event().await, Event::Hello(_)));
    assert_eq!(
        dialer.event().await,
        Event::Accepted {
            channel,
            open: Box::new(open)
        }
    );

    let envelopes: Vec<_> = [0, 16, 23, 24, 4_095, 4_096, 70_000, 3_000_000]
        .into_iter()
        .map(|size| {
            Envelope::new(Content::new(vec![7; size]).with_part("last")).correlated(size as u64)
        })
        .collect();
    for envelope in &envelopes {
        dialer
            .dialect
            .send(channel, envelope.clone(), &mut dialer.output);
    }
    let receive = async {
        for sent in envelopes {
            assert!(
                listener.event().await
                    == Event::Message {
                        channel,
                        envelope: sent
                    },
                "a message differs"
            );
        }
    };
    tokio::join!(dialer.write(), receive);
}

#[tokio::test]
async fn over_tcp() {
    let test = messages_of_every_size_pass("tcp://127.0.0.1:0");
    tokio::time::timeout(Duration::from_secs(60), test)
        .await
        .expect("the test hangs");
}

#[tokio::test]
async fn over_inproc() {
    let test = messages_of_every_size_pass("inproc://conversation");
    tokio::time::timeout(Duration::from_secs(60), test)
        .await
        .expect("the test hangs");
}

#[tokio::test]
async fn over_ws() {
    let test = messages_of_every_size_pass("ws://127.0.0.1:0/conversation");
    tokio::time::timeout(Duration::from_secs(60), test)
        .await
        .expect("the test hangs");
}

#[cfg(unix)]
#[tokio::test]
async fn over_ipc() {
    let path = std::env::temp_dir().join(format!("treewire-{}.sock", std::process::id()));
    let place = format!("ipc://{}", path.display());
    let test = messages_of_every_size_pass(&place);
    tokio::time::timeout(Duration::from_secs(60), test)
        .await
        .expect("the test hangs");
}
