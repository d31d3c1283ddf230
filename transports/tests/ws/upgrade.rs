//! Requests that should become a WebSocket, and do not.

use std::future::poll_fn;
use std::io;

use super::conformance::within_a_minute;
use super::raw::{Raw, request};
use super::subject;

/// What the client hears, and what the listener's side says about it.
async fn answered(place: &str, request: &str) -> (String, io::Error) {
    let mut acceptor = subject().listen_at(place).await.unwrap();
    let (mut raw, mut link) = Raw::connect(acceptor.as_mut()).await;
    raw.say(request.as_bytes()).await;
    let error = within_a_minute(poll_fn(|cx| link.poll_receive(cx)))
        .await
        .unwrap_err();
    let heard = within_a_minute(raw.hear_all()).await;
    (String::from_utf8(heard).unwrap(), error)
}

async fn refused(request: &str, status: &str, reason: &str) {
    let (heard, error) = answered("ws://127.0.0.1:0", request).await;
    assert!(heard.starts_with(&format!("HTTP/1.1 {status}")), "{heard}");
    assert!(heard.contains(reason), "{reason} in {heard}");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    assert!(error.to_string().contains(reason), "{error}");
}

fn without(header: &str) -> String {
    let request = request("/", "");
    let lines = request.split_inclusive("\r\n");
    lines.filter(|line| !line.starts_with(header)).collect()
}

#[tokio::test]
async fn bad_headers_get_an_http_error_with_the_reason() {
    let post = request("/", "").replace("GET", "POST");
    refused(&post, "405", "HTTP method").await;
    refused(&without("Upgrade"), "426", "Upgrade").await;
    refused(&without("Connection"), "426", "Connection").await;
    refused(&without("Sec-WebSocket-Version"), "426", "Version").await;
    refused(&without("Sec-WebSocket-Key"), "400", "Sec-WebSocket-Key").await;
    let short = request("/", "").replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=");
    refused(&short, "400", "Sec-WebSocket-Key").await;
    let old = request("/", "").replace("HTTP/1.1", "HTTP/1.0");
    refused(&old, "400", "HTTP version").await;
    refused(&request("/elsewhere", ""), "404", "at /").await;
    let other = request("/", "Sec-WebSocket-Protocol: chat, superchat\r\n");
    refused(&other, "400", "tw.treewire").await;
    refused("\u{17}TWR no HTTP at all\r\n\r\n", "400", "").await;
}

#[tokio::test]
async fn a_head_has_a_limit() {
    let long = format!("X-Long: {}\r\n", "x".repeat(20_000));
    refused(&request("/", &long), "431", "16384 bytes").await;
    let many: String = (0..200)
        .map(|number| format!("X-{number}: x\r\n"))
        .collect();
    refused(&request("/", &many), "431", "headers").await;
}

#[tokio::test]
async fn a_page_of_a_browser_may_connect_if_its_origin_is_listed() {
    let page = request("/", "Origin: https://example.org\r\n");
    for place in [
        "ws://127.0.0.1:0",
        "ws://127.0.0.1:0?origin=https://a.example",
    ] {
        let (heard, error) = answered(place, &page).await;
        assert!(heard.starts_with("HTTP/1.1 403 "), "{heard}");
        assert!(error.to_string().contains("option origin"), "{error}");
    }
    for origins in ["*", "https://a.example,https://example.org"] {
        let place = format!("ws://127.0.0.1:0?origin={origins}");
        let mut acceptor = subject().listen_at(&place).await.unwrap();
        let (mut raw, mut link) = Raw::connect(acceptor.as_mut()).await;
        raw.say(page.as_bytes()).await;
        poll_fn(|cx| link.poll_flush(cx)).await.unwrap();
        assert!(raw.hear_head().await.starts_with("HTTP/1.1 101 "));
    }
}

#[tokio::test]
async fn the_answer_has_the_key_and_the_subprotocol_that_was_asked_for() {
    for (asked, expected) in [
        ("", None),
        (
            "Sec-WebSocket-Protocol: chat, tw.treewire\r\n",
            Some("tw.treewire"),
        ),
    ] {
        let mut acceptor = subject().listen().await;
        let (mut raw, mut link) = Raw::connect(acceptor.as_mut()).await;
        // However it arrives.
        let request = request("/?query", asked);
        let (one, other) = request.split_at(60);
        raw.say(one.as_bytes()).await;
        let flush = poll_fn(|cx| link.poll_flush(cx));
        let rest = raw.say(other.as_bytes());
        tokio::join!(flush, rest).0.unwrap();
        let answer = raw.hear_head().await.to_ascii_lowercase();
        assert!(
            answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"),
            "{answer}"
        );
        let named = answer
            .lines()
            .find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(named, expected);
    }
}

#[tokio::test]
async fn one_that_never_ends_holds_up_nobody() {
    let subject = subject();
    let mut acceptor = subject.listen().await;
    let (mut raw, mut link) = Raw::connect(acceptor.as_mut()).await;
    raw.say(b"GET / HTTP/1.1\r\n").await;
    let waiting = poll_fn(|cx| std::task::Poll::Ready(link.poll_receive(cx).is_pending()));
    assert!(waiting.await);
    subject.pair(acceptor.as_mut()).await;
    drop(raw);
    let error = within_a_minute(poll_fn(|cx| link.poll_receive(cx))).await;
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}
