//! Who is at the other end, and who may be.

use treewire_transports::TransportError;

use super::conformance::accept;
use super::{files, path, url};

/// Of nobody who runs tests.
const STRANGER: u32 = 4_242_424;

#[tokio::test]
async fn a_peer_is_named_by_its_process_and_charged_by_its_user() {
    let subject = files();
    let mut acceptor = subject.listen().await;
    let (dialed, accepted) = subject.pair(acceptor.as_mut()).await;
    let process = format!("process {} of ", std::process::id());
    let user = accepted.peer.strip_prefix(&process);
    assert_eq!(user, Some(&*accepted.host), "{}", accepted.peer);
    assert!(accepted.host.starts_with("user "), "{}", accepted.host);
    assert_eq!(dialed.host, accepted.host);
}

#[tokio::test]
async fn a_stranger_is_turned_away_and_the_next_one_accepted() {
    let subject = files();
    let open = path();
    let strict = format!("{}?peer-uid={STRANGER}", url(&open));
    let mut acceptor = subject.listen_at(&strict).await.unwrap();
    let endpoint = url(&open).parse().unwrap();
    for _ in 0..2 {
        let _dialed = subject.dial(&endpoint).await.unwrap();
        let error = accept(acceptor.as_mut()).await.unwrap_err();
        assert!(error.is_transient());
        assert!(matches!(error, TransportError::BadPeer { .. }), "{error:?}");
        assert!(
            error
                .to_string()
                .ends_with("peer-uid does not list its user"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn those_on_the_list_are_accepted() {
    let subject = files();
    let mut acceptor = subject.listen().await;
    let (_, accepted) = subject.pair(acceptor.as_mut()).await;
    let user = accepted.host.strip_prefix("user ").unwrap();
    let listed = format!("{}?peer-uid={STRANGER},{user}", url(&path()));
    let mut acceptor = subject.listen_at(&listed).await.unwrap();
    // The endpoint is dialed with its list, too.
    subject.pair(acceptor.as_mut()).await;
}

#[tokio::test]
async fn a_dialer_speaks_only_with_a_listener_on_its_list() {
    let subject = files();
    let path = path();
    let _acceptor = subject.listen_at(&url(&path)).await.unwrap();
    let endpoint = format!("{}?peer-gid={STRANGER}", url(&path))
        .parse()
        .unwrap();
    let error = subject.dial(&endpoint).await.unwrap_err();
    assert!(matches!(error, TransportError::BadPeer { .. }), "{error:?}");
}

#[tokio::test]
async fn the_buffer_size_bounds_what_the_system_takes() {
    let subject = files();
    let place = format!("{}?send-buffer-bytes=8192", url(&path()));
    let mut acceptor = subject.listen_at(&place).await.unwrap();
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    for wire in [&mut dialed, &mut accepted] {
        let (whole, _) = wire.fill(&[0; 1_024]).await.unwrap();
        assert!(whole < 64, "the system took {whole} KiB");
    }
}
