//! What an endpoint's options do to the sockets of both ends, each by itself.

use std::future::poll_fn;

use socket2::SockRef;

use super::dial::connected;
use super::listen::TcpAcceptor;
use super::*;

struct Proof {
    option: &'static str,
    read: fn(&SockRef<'_>) -> u64,
    wanted: u64,
}

const BUFFER: usize = 50_000;

fn proofs() -> [Proof; 8] {
    // The system may make a buffer larger than it is told, Linux twice as large.
    let plain = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    plain.set_send_buffer_size(BUFFER).unwrap();
    plain.set_recv_buffer_size(BUFFER).unwrap();
    let proof = |option, read, wanted| Proof {
        option,
        read,
        wanted,
    };
    [
        proof("nodelay=false", nodelay, 0),
        proof("keepalive=true", keepalive, 1),
        proof("keepalive-idle=33s", keepalive, 1),
        proof("keepalive-idle=33s", idle_seconds, 33),
        proof("keepalive-interval=7s", interval_seconds, 7),
        proof("keepalive-probes=4", probes, 4),
        proof(
            "send-buffer-bytes=50000",
            send_buffer,
            send_buffer(&SockRef::from(&plain)),
        ),
        proof(
            "receive-buffer-bytes=50000B",
            receive_buffer,
            receive_buffer(&SockRef::from(&plain)),
        ),
    ]
}

fn nodelay(socket: &SockRef<'_>) -> u64 {
    socket.tcp_nodelay().unwrap().into()
}

fn keepalive(socket: &SockRef<'_>) -> u64 {
    socket.keepalive().unwrap().into()
}

fn idle_seconds(socket: &SockRef<'_>) -> u64 {
    socket.tcp_keepalive_time().unwrap().as_secs()
}

fn interval_seconds(socket: &SockRef<'_>) -> u64 {
    socket.tcp_keepalive_interval().unwrap().as_secs()
}

fn probes(socket: &SockRef<'_>) -> u64 {
    socket.tcp_keepalive_retries().unwrap().into()
}

fn send_buffer(socket: &SockRef<'_>) -> u64 {
    socket.send_buffer_size().unwrap() as u64
}

fn receive_buffer(socket: &SockRef<'_>) -> u64 {
    socket.recv_buffer_size().unwrap() as u64
}

/// What that says of the dialed and the accepted socket of one connection.
async fn of_both_ends(
    read: fn(&SockRef<'_>) -> u64,
    dialer_s: &str,
    listener_s: &str,
) -> (u64, u64) {
    let listen = format!("tcp://127.0.0.1:0{listener_s}");
    let mut acceptor = TcpAcceptor::bind(listen.parse().unwrap()).await.unwrap();
    let dial = format!("tcp://{}{dialer_s}", acceptor.local().address());
    let dial = dial.parse().unwrap();
    let (dialed, accepted) =
        tokio::join!(connected(&dial), poll_fn(|cx| acceptor.poll_connected(cx)));
    let (dialed, accepted) = (dialed.unwrap().stream, accepted.unwrap().stream);
    (
        read(&SockRef::from(&dialed)),
        read(&SockRef::from(&accepted)),
    )
}

#[tokio::test]
async fn each_option_is_applied_to_the_end_whose_endpoint_has_it() {
    for Proof {
        option,
        read,
        wanted,
    } in proofs()
    {
        let without = of_both_ends(read, "", "").await;
        assert_ne!(without.0, wanted, "{option} would change nothing");
        assert_ne!(without.1, wanted, "{option} would change nothing");
        let options = format!("?{option}");
        let (dialed, accepted) = of_both_ends(read, &options, "").await;
        assert_eq!(dialed, wanted, "{option} of the dialer");
        assert_ne!(accepted, wanted, "{option} of the dialer, at the listener");
        let (dialed, accepted) = of_both_ends(read, "", &options).await;
        assert_ne!(dialed, wanted, "{option} of the listener, at the dialer");
        assert_eq!(accepted, wanted, "{option} of the listener");
    }
}
