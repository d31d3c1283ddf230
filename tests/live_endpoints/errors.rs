//! What cannot be done says why.

use super::*;

#[tokio::test]
async fn a_bad_endpoint_is_refused_with_the_text_of_the_construction() {
    let node = node().await;
    let push = push(&node, "push").await;
    for (bad, part) in [
        ("127.0.0.1:1", "no transport"),
        ("pigeon://coop", "pigeon"),
        ("tcp://127.0.0.1:1?colour=red", "colour"),
        ("tcp://127.0.0.1:1?nodelay=perhaps", "perhaps"),
        ("tcp://*:1", "*"),
    ] {
        let error = in_time(push.dial(bad)).await.unwrap_err();
        assert!(error.to_string().contains(part), "{bad}: {error}");
        assert!(matches!(error, EndpointChangeError::BadEndpoint(_)));
        let spawned = node.spawn(Push::new("second").dial(bad)).await;
        let at_construction = spawned.unwrap_err().to_string();
        assert!(at_construction.ends_with(&error.to_string()), "{error}");
    }
    let error = in_time(push.listen("tcp://127.0.0.1")).await.unwrap_err();
    let error_of_part = EndpointChangeError::BadEndpoint(EndpointError::NoTransport {
        text: "tcp://127.0.0.1".into(),
    });
    assert_ne!(error, error_of_part);
    assert!(push.pipes().is_empty() && push.endpoints().is_empty());
    let tree = node.snapshot().await.unwrap();
    assert_eq!(tree.walk().count(), 1, "{}", drawn(&tree));
    stop(node).await;
}

#[tokio::test]
async fn what_is_not_there_is_answered_with_what_is() {
    let node = node().await;
    let push = push(&node, "push").await;
    let error = in_time(push.undial("inproc://a")).await.unwrap_err();
    let text = "the socket does not dial inproc://a: it dials nothing";
    assert_eq!(error.to_string(), text);
    dial(&push, "inproc://b").await;
    dial(&push, "inproc://c").await;
    listen(&push, "inproc://d").await;
    let error = in_time(push.undial("inproc://d")).await.unwrap_err();
    let text = "the socket does not dial inproc://d: it dials inproc://b, inproc://c";
    assert_eq!(error.to_string(), text);
    let error = in_time(push.unlisten("inproc://b")).await.unwrap_err();
    let text = "the socket does not listen at inproc://b: it listens at inproc://d";
    assert_eq!(error.to_string(), text);
    stop(node).await;
}

#[tokio::test]
async fn what_is_dialed_is_not_dialed_twice_and_may_be_dialed_again() {
    let node = node().await;
    let push = push(&node, "push").await;
    dial(&push, "inproc://a").await;
    let error = in_time(push.dial("inproc://a")).await.unwrap_err();
    let text = "inproc://a is dialed already: one dialer to a peer is enough";
    assert_eq!(error.to_string(), text);
    let twice = Push::new("twice").dial("inproc://a").dial("inproc://a");
    let error = node.spawn(twice).await.unwrap_err();
    assert!(error.to_string().ends_with(text), "{error}");
    in_time(push.undial("inproc://a")).await.unwrap();
    dial(&push, "inproc://a").await;
    assert_eq!(push.pipes().len(), 1);
    stop(node).await;
}

#[tokio::test]
async fn a_socket_that_goes_on_from_stored_positions_dials_nobody_live_either() {
    let node = node().await;
    let pull = Pull::new("pull").delivery(Reliable).resume_from([]);
    let pull = node.spawn(pull).await.unwrap();
    let error = in_time(pull.dial("inproc://a")).await.unwrap_err();
    assert!(
        error.to_string().starts_with("resume_from goes with"),
        "{error}"
    );
    assert!(pull.pipes().is_empty());
    stop(node).await;
}

#[tokio::test]
async fn a_closed_socket_changes_no_endpoints() {
    let node = node().await;
    let pull = pull(&node, "pull").await;
    listen(&pull, "inproc://a").await;
    let _ = in_time(pull.close(None)).await;
    let closed = Err(EndpointChangeError::Closed);
    assert_eq!(in_time(pull.listen("inproc://b")).await, closed);
    assert_eq!(in_time(pull.dial("inproc://b")).await, closed);
    assert_eq!(in_time(pull.unlisten("inproc://a")).await, closed);
    assert_eq!(in_time(pull.undial("inproc://a")).await, closed);
    stop(node).await;
}
