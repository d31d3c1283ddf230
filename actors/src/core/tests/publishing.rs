//! A publisher and subscribers, their connections driven by hand.

use super::*;
use crate::handle::SocketEvent;
use crate::pattern::Pattern;
use crate::position::{StreamId, StreamPosition};

pub(super) const STREAM: StreamId = StreamId([7; 16]);

fn publisher(send_bound: u64) -> Core {
    let config = SocketOptions {
        send_messages_max: send_bound,
        overflow: Overflow::DropNewest,
        ..config(SocketType::PUB)
    };
    let mut core = core(config);
    core.publish_as(STREAM);
    core
}

fn subscriber(patterns: &[&str]) -> Core {
    let mut core = core(config(SocketType::SUB));
    for pattern in patterns {
        core.subscribe(Pattern::tokens(pattern).unwrap()).unwrap();
    }
    core
}

/// A connection between the two: what it lets through.
pub(super) struct Link {
    pub(super) there: Arc<Inlet>,
    pub(super) here: Arc<Inlet>,
}

impl Link {
    fn new(publisher: &mut Core, subscriber: &mut Core) -> Self {
        let link = Link {
            there: attach(publisher, None, 1_000),
            here: attach(subscriber, None, 1_000),
        };
        link.exchange(publisher, subscriber);
        link
    }

    fn exchange(&self, publisher: &mut Core, subscriber: &mut Core) {
        loop {
            let down = carry(publisher, &self.there, subscriber, &self.here);
            let up = carry(subscriber, &self.here, publisher, &self.there);
            if down + up == 0 {
                return;
            }
        }
    }

    pub(super) fn breaks(self, publisher: &mut Core, subscriber: &mut Core) {
        publisher.detach(&self.there, LOST);
        subscriber.detach(&self.here, LOST);
    }
}

fn carry(from: &mut Core, out: &Arc<Inlet>, to: &mut Core, into: &Arc<Inlet>) -> usize {
    let mut batch = Vec::new();
    from.take_sendable(out, u64::MAX, &mut batch, |_| false);
    let count = batch.len();
    to.accept(into, batch.into_iter().map(|queued| queued.envelope));
    count
}

fn publish(core: &mut Core, topics: &[&str]) {
    for topic in topics {
        core.send(content(topic), None).unwrap();
    }
}

fn received(core: &mut Core) -> Vec<String> {
    std::iter::from_fn(|| core.next_message())
        .map(|message| text(&message))
        .collect()
}

pub(super) fn missed(inbox: &Inbox<SocketEvent>) -> Vec<(u64, u64)> {
    let mut missed = Vec::new();
    loop {
        match inbox.next() {
            Fetched::Item(SocketEvent::Missed { stream, from, to }) => {
                assert_eq!(stream, STREAM);
                missed.push((from, to));
            }
            Fetched::Item(_) => {}
            _ => return missed,
        }
    }
}

#[test]
fn a_subscriber_gets_what_matches_once_from_when_it_joined() {
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["fx.*", "fx.usd", "x"]));
    publish(&mut publisher, &["fx.early"]);
    let link = Link::new(&mut publisher, &mut subscriber);
    assert!(subscriber.has_joined());
    assert_eq!(
        (publisher.subscribers(), publisher.subscription_count()),
        (1, 3)
    );
    publish(
        &mut publisher,
        &["fx.usd", "y", "fx.eur", "fx.eur.spot", "x"],
    );
    link.exchange(&mut publisher, &mut subscriber);
    let mut positions = Vec::new();
    let mut topics = Vec::new();
    while let Some(message) = subscriber.next_message() {
        positions.push(message.position().unwrap().sequence);
        topics.push(text(&message));
        assert_eq!(message.correlation(), 0, "it is no request");
    }
    assert_eq!(topics, ["fx.usd", "fx.eur", "x"]);
    assert_eq!(positions, [2, 4, 6]);
    let here = StreamPosition {
        stream: STREAM,
        sequence: 6,
    };
    assert_eq!(subscriber.positions(), [here]);
    assert_eq!((publisher.lost(), subscriber.lost()), (0, 0));
}

#[test]
fn conat_02_a_pattern_is_counted_and_its_last_end_removes_the_interest() {
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a", "a"]));
    let link = Link::new(&mut publisher, &mut subscriber);
    let pattern = Pattern::tokens("a").unwrap();
    assert!(subscriber.unsubscribe(&pattern));
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(publisher.subscription_count(), 1);
    assert!(subscriber.unsubscribe(&pattern));
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(
        (publisher.subscribers(), publisher.subscription_count()),
        (0, 0)
    );
    assert!(!subscriber.unsubscribe(&pattern));
    subscriber.subscribe(pattern).unwrap();
    assert!(!subscriber.has_joined());
    link.exchange(&mut publisher, &mut subscriber);
    assert!(subscriber.has_joined());
    publish(&mut publisher, &["a"]);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(received(&mut subscriber), ["a"]);
}

#[test]
fn iridium_10_counts_and_events_are_right_after_a_crash() {
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a", "b"]));
    let inbox = publisher.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    link.breaks(&mut publisher, &mut subscriber);
    assert_eq!(
        (publisher.subscribers(), publisher.subscription_count()),
        (0, 0)
    );
    let (mut came, mut went) = (Vec::new(), Vec::new());
    while let Fetched::Item(event) = inbox.next() {
        match event {
            SocketEvent::Subscribed { peer, pattern, .. } => {
                assert_eq!(&*peer, "peer:1");
                came.push(pattern.to_string());
            }
            SocketEvent::Unsubscribed { peer, pattern, .. } => {
                assert_eq!(&*peer, "peer:1");
                went.push(pattern.to_string());
            }
            _ => {}
        }
    }
    came.sort();
    went.sort();
    assert_eq!(
        (came, went),
        (vec!["a".into(), "b".into()], vec!["a".into(), "b".into()])
    );
    assert_eq!(
        (publisher.lost(), subscriber.lost()),
        (0, 0),
        "notes are no messages"
    );
    assert!(publisher.pipes().is_empty());
}

#[test]
fn iridium_07_a_subscriber_that_stalls_is_told_exactly_what_it_missed() {
    let (mut publisher, mut subscriber) = (publisher(2), subscriber(&["a"]));
    let inbox = subscriber.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a", "b", "a", "a", "a", "b"]);
    assert_eq!(publisher.lost(), 2);
    assert_eq!(
        publisher.unflushed(),
        2 + 1,
        "and the news of what is missed"
    );
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(received(&mut subscriber).len(), 2);
    // Nothing came after it.
    assert_eq!(missed(&inbox), [(4, 5)]);
    publish(&mut publisher, &["a", "a", "a", "a"]);
    link.exchange(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a"]);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(received(&mut subscriber).len(), 3);
    assert_eq!(missed(&inbox), [(9, 10)]);
}

#[test]
fn a_stalled_subscriber_holds_up_nobody() {
    let mut publisher = publisher(2);
    let (mut slow, mut quick) = (subscriber(&["a"]), subscriber(&["a"]));
    let _stalled = Link::new(&mut publisher, &mut slow);
    let link = Link::new(&mut publisher, &mut quick);
    for _ in 0..10 {
        publish(&mut publisher, &["a"]);
        link.exchange(&mut publisher, &mut quick);
    }
    assert_eq!(received(&mut quick).len(), 10);
    assert_eq!(publisher.lost(), 8);
}

#[test]
fn with_drop_oldest_what_is_missed_is_told_before_what_is_kept() {
    let mut publisher = publisher(2);
    publisher.config.overflow = Overflow::DropOldest;
    let mut subscriber = subscriber(&["a"]);
    let inbox = subscriber.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a", "a", "a", "a", "a"]);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(missed(&inbox), [(1, 3)]);
    assert_eq!(received(&mut subscriber).len(), 2);
    assert_eq!(publisher.lost(), 3);
}

#[test]
fn with_conflate_the_newest_is_all_and_nothing_is_missed() {
    let mut publisher = publisher(1);
    publisher.config.overflow = Overflow::Conflate;
    let mut subscriber = subscriber(&[">"]);
    let inbox = subscriber.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a", "b", "c"]);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(received(&mut subscriber), ["c"]);
    assert_eq!(missed(&inbox), []);
}

#[test]
fn with_wait_the_slowest_that_wants_the_topic_is_waited_for() {
    let mut publisher = publisher(1);
    publisher.config.overflow = Overflow::Wait;
    let mut subscriber = subscriber(&["a"]);
    let link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a", "b"]);
    let blocked = publisher.send(content("a"), None).unwrap_err();
    assert_eq!(blocked.reason, Reason::Full);
    publish(&mut publisher, &["b"]);
    link.exchange(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a"]);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(received(&mut subscriber), ["a", "a"]);
}

#[test]
fn iridium_08_what_was_published_meanwhile_is_missed_even_if_nothing_follows() {
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a"]));
    let inbox = subscriber.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a", "a"]);
    link.exchange(&mut publisher, &mut subscriber);
    link.breaks(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a", "a", "a"]);
    let link = Link::new(&mut publisher, &mut subscriber);
    assert_eq!(missed(&inbox), [(3, 5)]);
    link.breaks(&mut publisher, &mut subscriber);
    let _link = Link::new(&mut publisher, &mut subscriber);
    assert_eq!(missed(&inbox), [], "once");
    assert_eq!(
        received(&mut subscriber).len(),
        2,
        "what came before is there"
    );
}

#[test]
fn a_replay_heals_the_gap_as_far_as_it_goes() {
    let (mut publisher, mut subscriber) = (publisher(2), subscriber(&["a"]));
    publisher.config.replay_messages_max = 6;
    let inbox = subscriber.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a"]);
    link.exchange(&mut publisher, &mut subscriber);
    link.breaks(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a", "b", "a", "a", "a", "a"]);
    let link = Link::new(&mut publisher, &mut subscriber);
    assert_eq!(missed(&inbox), []);
    assert_eq!(
        received(&mut subscriber).len(),
        6,
        "more than its queue holds"
    );
    // What was under way, and not confirmed.
    assert_eq!(publisher.lost(), 1);
    // The same when it is there and stalls.
    publish(&mut publisher, &["a", "a", "a", "a", "b"]);
    assert_eq!(publisher.lost(), 1);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(
        (received(&mut subscriber).len(), missed(&inbox)),
        (4, vec![])
    );
    publish(&mut publisher, &["a"; 10]);
    link.exchange(&mut publisher, &mut subscriber);
    // Two in the queue, six kept, two neither.
    assert_eq!(received(&mut subscriber).len(), 8);
    assert_eq!(missed(&inbox), [(15, 16)]);
    assert_eq!(publisher.lost(), 1 + 2);
    publish(&mut publisher, &["a"]);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(received(&mut subscriber).len(), 1);
}

#[test]
fn another_process_goes_on_from_a_position_and_a_new_one_misses_nothing() {
    let mut publisher = publisher(100);
    publisher.config.replay_messages_max = 3;
    publish(&mut publisher, &["a"; 5]);
    let mut fresh = subscriber(&["a"]);
    let inbox = fresh.listen();
    let _link = Link::new(&mut publisher, &mut fresh);
    assert_eq!((received(&mut fresh).len(), missed(&inbox)), (0, vec![]));
    let mut again = subscriber(&["a"]);
    let inbox = again.listen();
    again.follow_from([StreamPosition {
        stream: STREAM,
        sequence: 1,
    }]);
    let _link = Link::new(&mut publisher, &mut again);
    assert_eq!(
        (received(&mut again).len(), missed(&inbox)),
        (3, vec![(2, 2)])
    );
    // One that never was: it goes on from where the publisher is.
    let mut false_one = subscriber(&["a"]);
    false_one.follow_from([StreamPosition {
        stream: STREAM,
        sequence: 1_000,
    }]);
    let link = Link::new(&mut publisher, &mut false_one);
    publish(&mut publisher, &["a"]);
    link.exchange(&mut publisher, &mut false_one);
    assert_eq!(received(&mut false_one).len(), 1);
}

#[test]
fn one_subscription_too_many_or_none_at_all_is_refused_with_a_reason() {
    use crate::pattern::Note;
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a"]));
    let inbox = subscriber.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    let long = vec![b'a'; 1024 * 1024];
    let wish = Note::Subscribe {
        matching: 0,
        pattern: &long,
    };
    // The id of the one that there is: it is replaced.
    let wish = wish.envelope().correlated(1);
    publisher.accept(&link.there, [wish].into_iter());
    assert_eq!(publisher.subscription_count(), 1);
    link.exchange(&mut publisher, &mut subscriber);
    let mut reasons = Vec::new();
    while let Fetched::Item(event) = inbox.next() {
        if let SocketEvent::SubscriptionRefused { reason, .. } = event {
            reasons.push(reason);
        }
    }
    assert_eq!(reasons.len(), 1);
    assert!(reasons[0].contains("1048576 bytes"), "{}", reasons[0]);
    for envelope in [Envelope::note(vec![99]), Note::Unsubscribe.envelope()] {
        publisher.accept(&link.there, [envelope].into_iter());
    }
    let begin = Note::Resume { after: None }.envelope();
    publisher.accept(&link.there, [begin].into_iter());
    publish(&mut publisher, &["a"]);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(received(&mut subscriber), ["a"], "and goes on");
}

#[test]
fn what_a_peer_does_not_take_is_missed() {
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a"]));
    let inbox = subscriber.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a", "a"]);
    let mut batch = Vec::new();
    publisher.take_sendable(&link.there, u64::MAX, &mut batch, |_| false);
    let error = treewire_transports::Unsendable::TooLarge { bytes: 1, limit: 0 };
    let second = batch.pop().unwrap();
    let first = batch.pop().unwrap();
    let instead = publisher.unsendable(&link.there, first, 1, &error).unwrap();
    subscriber.accept(&link.here, [instead, second.envelope].into_iter());
    assert_eq!(
        (received(&mut subscriber).len(), missed(&inbox)),
        (1, vec![(1, 1)])
    );
    assert_eq!(publisher.lost(), 1);
    link.breaks(&mut publisher, &mut subscriber);
    assert_eq!(publisher.lost(), 2, "the second one was not confirmed");
}

#[test]
fn a_publisher_that_introduces_itself_again_is_not_answered_again() {
    use crate::pattern::Note;
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a"]));
    let link = Link::new(&mut publisher, &mut subscriber);
    for _ in 0..3 {
        let note = Note::Publishes {
            stream: [8; 16],
            sequence: 77,
        };
        subscriber.accept(&link.here, [note.envelope()].into_iter());
    }
    let answers = carry(&mut subscriber, &link.here, &mut publisher, &link.there);
    assert_eq!(answers, 0);
    publish(&mut publisher, &["a"]);
    link.exchange(&mut publisher, &mut subscriber);
    let message = subscriber.next_message().unwrap();
    assert_eq!(message.position().unwrap().stream, STREAM);
}

#[test]
fn numbers_that_no_publisher_can_have_are_not_believed() {
    use crate::pattern::Note;
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a"]));
    let inbox = subscriber.listen();
    let here = attach(&mut subscriber, None, 1_000);
    let never = u64::MAX;
    let note = Note::Publishes {
        stream: [7; 16],
        sequence: never,
    };
    subscriber.accept(&here, [note.envelope()].into_iter());
    let notes = [
        Note::Begins { after: never },
        Note::Missed { from: 0, to: never },
        Note::Missed { from: never, to: 1 },
    ];
    for note in notes {
        subscriber.accept(&here, [note.envelope()].into_iter());
    }
    let message = || Envelope::new(content("a"));
    subscriber.accept(&here, [message().correlated(never)].into_iter());
    assert_eq!(
        (received(&mut subscriber).len(), missed(&inbox)),
        (0, vec![])
    );
    subscriber.detach(&here, LOST);
    // It goes on with an honest one, which has fewer.
    let link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a"]);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(received(&mut subscriber), ["a"]);
}

/// Two connections of one subscriber to one publisher.
fn twice(publisher: &mut Core, subscriber: &mut Core) -> [Link; 2] {
    let first = Link::new(publisher, subscriber);
    let second = Link::new(publisher, subscriber);
    first.exchange(publisher, subscriber);
    [first, second]
}

#[test]
fn of_two_connections_to_one_publisher_the_last_counts_and_then_the_first_begins_anew() {
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a"]));
    let inbox = subscriber.listen();
    let [first, second] = twice(&mut publisher, &mut subscriber);
    assert!(subscriber.has_joined(), "the idle one is not waited for");
    assert_eq!(publisher.subscribers(), 1, "nor counted");
    publish(&mut publisher, &["a"]);
    for link in [&first, &second] {
        link.exchange(&mut publisher, &mut subscriber);
    }
    assert_eq!(received(&mut subscriber).len(), 1);
    second.breaks(&mut publisher, &mut subscriber);
    let idle = subscriber.pipe_of(&first.here).is_none();
    assert!(idle, "its connection is to be made anew");
    publisher.detach(&first.there, LOST);
    let _again = Link::new(&mut publisher, &mut subscriber);
    assert_eq!(missed(&inbox), []);
    assert!(subscriber.has_joined());
    assert_eq!((publisher.subscribers(), subscriber.lost()), (1, 0));
}

#[test]
fn what_comes_through_one_connection_while_another_begins_is_not_skipped() {
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a"]));
    publisher.config.replay_messages_max = 100;
    let inbox = subscriber.listen();
    let first = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a"]);
    let second = Link {
        there: attach(&mut publisher, None, 1_000),
        here: attach(&mut subscriber, None, 1_000),
    };
    // Its first word was said before what the first connection brings meanwhile.
    publish(&mut publisher, &["a", "a"]);
    first.exchange(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a"]);
    second.exchange(&mut publisher, &mut subscriber);
    first.exchange(&mut publisher, &mut subscriber);
    assert_eq!(
        (received(&mut subscriber).len(), missed(&inbox)),
        (4, vec![])
    );
}

#[test]
fn who_gives_no_credit_is_told_of_all_that_was_dropped_in_one_note() {
    let mut publisher = publisher(2);
    publisher.config.overflow = Overflow::DropOldest;
    let mut subscriber = subscriber(&["a"]);
    let inbox = subscriber.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    let sent = publisher.pipe_of(&link.there).unwrap().sent();
    publisher.pipe_of(&link.there).unwrap().give_credit_of(sent);
    for _ in 0..50 {
        publish(&mut publisher, &["a"]);
        assert!(sendable(&mut publisher, &link.there).is_empty());
    }
    assert_eq!(publisher.unflushed(), 2 + 1);
    allow(&mut publisher, &link.there, 0, 1_000);
    link.exchange(&mut publisher, &mut subscriber);
    assert_eq!(
        (received(&mut subscriber).len(), missed(&inbox)),
        (2, vec![(1, 48)])
    );
}

#[test]
fn another_policy_while_somebody_stalls_leaves_nothing_untold() {
    let (mut publisher, mut subscriber) = (publisher(2), subscriber(&["a"]));
    let inbox = subscriber.listen();
    let link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a"; 5]);
    publisher.config.overflow = Overflow::DropOldest;
    publish(&mut publisher, &["a"; 3]);
    link.exchange(&mut publisher, &mut subscriber);
    let missed: u64 = missed(&inbox).iter().map(|(from, to)| to - from + 1).sum();
    assert_eq!(received(&mut subscriber).len() as u64 + missed, 8);
}

#[test]
fn a_close_counts_what_a_subscriber_that_lags_did_not_get() {
    let (mut publisher, mut subscriber) = (publisher(2), subscriber(&["a"]));
    publisher.config.replay_messages_max = 100;
    let _link = Link::new(&mut publisher, &mut subscriber);
    publish(&mut publisher, &["a"; 10]);
    let unconfirmed = publisher.pipes.iter().map(|(_, pipe)| pipe.unconfirmed());
    let notes: u64 = unconfirmed.sum();
    assert_eq!(publisher.end() - notes, 10);
}

#[test]
fn what_a_publisher_sends_over_many_connections_and_nobody_takes_is_bounded() {
    const BOUND: u64 = 10;
    let (mut publisher, mut subscriber) = (publisher(100), subscriber(&["a"]));
    subscriber.config.receive_messages_max = BOUND;
    let inbox = subscriber.listen();
    for _ in 0..20 {
        let link = Link::new(&mut publisher, &mut subscriber);
        publish(&mut publisher, &["a"; BOUND as usize]);
        link.exchange(&mut publisher, &mut subscriber);
        link.breaks(&mut publisher, &mut subscriber);
        assert!(subscriber.orphans.messages as u64 <= 2 * BOUND);
    }
    let _link = Link::new(&mut publisher, &mut subscriber);
    let missed: u64 = missed(&inbox).iter().map(|(from, to)| to - from + 1).sum();
    assert_eq!(received(&mut subscriber).len() as u64 + missed, 20 * BOUND);
}
