//! The death of a peer: a request is sent again or fails, and never hangs.

use std::future::IntoFuture;
use std::time::{Duration, Instant};

use treewire::runtime::EventKind;
use treewire::{Node, Req, RequestError};

use crate::process::{WATCHDOG, free_port, treewire};

#[test]
fn a_killed_rep_costs_only_what_was_sent_and_must_not_be_sent_twice() {
    treewire::run(async {
        let url = format!("tcp://127.0.0.1:{}", free_port());
        let rep = || treewire(&format!("rep --echo --listen {url}"));
        let node = Node::builder("client").start().await.unwrap();
        let req = node
            .spawn(Req::new("req").dial(&url).deadline(WATCHDOG))
            .await
            .unwrap();
        let mut events = node.events();

        let first = rep();
        assert_eq!(*req.request("first").await.unwrap().first(), "first");

        // A stopped process takes bytes and answers nothing.
        first.signal("STOP");
        let plain = tokio::spawn(req.request("plain").into_future());
        let idempotent = tokio::spawn(req.request("idempotent").idempotent().into_future());
        while node
            .snapshot()
            .await
            .unwrap()
            .find("req")
            .unwrap()
            .messages_out
            < 3
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let killed = Instant::now();
        first.signal("KILL");
        let error = plain.await.unwrap().unwrap_err();
        assert!(matches!(error, RequestError::PeerGone), "{error}");
        assert!(
            killed.elapsed() < Duration::from_secs(1),
            "{:?}",
            killed.elapsed()
        );
        drop(first);

        let unsent = tokio::spawn(req.request("unsent").into_future());
        // The back-off is to grow before the peer comes back.
        let mut refusals = 0;
        while refusals < 6 {
            let event = events.next().await.unwrap();
            if let EventKind::Exited(exit) = event.kind
                && exit.to_string().contains("refused the connection")
            {
                refusals += 1;
            }
        }
        assert!(!unsent.is_finished() && !idempotent.is_finished());
        let _second = rep();
        while tokio::net::TcpStream::connect(url.trim_start_matches("tcp://"))
            .await
            .is_err()
        {}
        let back = Instant::now();
        assert_eq!(*idempotent.await.unwrap().unwrap().first(), "idempotent");
        assert_eq!(*unsent.await.unwrap().unwrap().first(), "unsent");
        assert!(
            back.elapsed() < Duration::from_millis(1_500),
            "{:?}",
            back.elapsed()
        );

        let tree = node.snapshot().await.unwrap();
        let dialer = tree.find(&format!("req/dialer {url}")).unwrap();
        assert!(dialer.restarts >= 6, "{dialer:#?}");
        let reasons: Vec<String> = dialer
            .exits
            .iter()
            .map(|exit| exit.reason.to_string())
            .collect();
        assert!(
            reasons
                .iter()
                .any(|text| text.contains("refused the connection")),
            "{reasons:#?}"
        );
        node.stop().await.unwrap();
    });
}

#[test]
fn the_shells_requests_survive_their_rep() {
    let url = format!("tcp://127.0.0.1:{}", free_port());
    let first = treewire(&format!("rep --echo --listen {url}"));
    first.signal("STOP");
    let mut req = treewire(&format!("req --dial {url}"));
    std::io::Write::write_all(&mut req.stdin(), b"hello\n").unwrap();
    first.signal("KILL");
    drop(first);
    let _second = treewire(&format!("rep --echo --listen {url}"));
    assert_eq!(req.end().expect(0).stdout, "hello\n");
}
