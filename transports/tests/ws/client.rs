//! Listeners that are none.

use std::future::poll_fn;

use tokio::net::TcpListener;

use super::conformance::within_a_minute;
use super::raw::{Raw, messages};
use super::subject;

/// What the dialer's side says about that answer to its upgrade.
async fn told(answer: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let endpoint = format!("ws://{address}/quotes").parse().unwrap();
    let link = subject().dial(&endpoint).await.unwrap();
    let mut link = messages(link);
    let mut raw = Raw::of(listener.accept().await.unwrap().0);
    let talk = async {
        let request = raw.hear_head().await;
        assert!(request.starts_with("GET /quotes HTTP/1.1\r\n"), "{request}");
        assert!(
            request.contains(&format!("Host: {address}\r\n")),
            "{request}"
        );
        raw.say(answer.as_bytes()).await;
    };
    let receive = poll_fn(|cx| link.poll_receive(cx));
    let (received, ()) = within_a_minute(async { tokio::join!(receive, talk) }).await;
    let error = received.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    error.to_string()
}

#[tokio::test]
async fn an_answer_that_is_no_upgrade_is_named() {
    assert_eq!(
        told("HTTP/1.1 404 Not Found\r\n\r\n").await,
        "the listener answered HTTP 404 Not Found to the upgrade: check that it speaks WebSocket at /quotes"
    );
    let accepted =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    assert_eq!(
        told(&format!(
            "{accepted}Sec-WebSocket-Accept: of another=\r\n\r\n"
        ))
        .await,
        "the listener did not answer the upgrade as WebSocket does"
    );
    let text = told("220 mail.example.org ready\r\n").await;
    assert!(
        text.starts_with("the listener does not speak HTTP"),
        "{text}"
    );
    let text = told(&format!("{accepted}X-Long: {}", "x".repeat(20_000))).await;
    assert_eq!(text, "the listener's answer to the upgrade is too long");
}
