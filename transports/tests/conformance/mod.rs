//! What every reliable transport does. One line runs it: `conformance::suite!(subject());`.

mod cuts;
mod ends;
mod faults;
mod flow;
mod wire;

use std::future::{Future, poll_fn};
use std::time::Duration;

use treewire_transports::{Acceptor, Endpoint, Link, Registry, TransportError};

pub(crate) use cuts::*;
pub(crate) use ends::*;
pub(crate) use faults::*;
pub(crate) use flow::*;
pub(crate) use wire::Wire;

/// The transport under test, and in what it differs from others.
pub(crate) struct Subject {
    pub(crate) registry: Registry,
    /// Where to listen, a place of its own for each call.
    pub(crate) place: fn() -> String,
    /// Where to listen when host and port are left to the transport, and how the host is reported then.
    pub(crate) wildcard: Option<(&'static str, &'static str)>,
    /// Whether dialing where nobody listens waits instead of failing.
    pub(crate) dial_waits: bool,
}

impl Subject {
    pub(crate) async fn listen(&self) -> Box<dyn Acceptor> {
        self.listen_at(&(self.place)())
            .await
            .expect("a place of its own is free")
    }

    pub(crate) async fn listen_at(&self, place: &str) -> Result<Box<dyn Acceptor>, TransportError> {
        self.registry
            .listen(&place.parse().expect("an endpoint"))
            .await
    }

    pub(crate) async fn dial(&self, endpoint: &Endpoint) -> Result<Link, TransportError> {
        self.registry.dial(endpoint).await
    }

    /// Both ends of one link: dialed, accepted.
    pub(crate) async fn pair(&self, acceptor: &mut dyn Acceptor) -> (Wire, Wire) {
        let local = acceptor.local().clone();
        let (dialed, accepted) = tokio::join!(self.dial(&local), accept(acceptor));
        let mut dialed = Wire::new(dialed.expect("somebody listens"));
        let mut accepted = Wire::new(accepted.expect("somebody dials"));
        shake_hands(&mut dialed, &mut accepted).await;
        (dialed, accepted)
    }
}

pub(crate) async fn accept(acceptor: &mut dyn Acceptor) -> Result<Link, TransportError> {
    poll_fn(|cx| acceptor.poll_accept(cx)).await
}

/// Some links shake hands as they are polled: then both ends have to be.
pub(crate) async fn shake_hands(one: &mut Wire, other: &mut Wire) {
    let (one, other) = tokio::join!(one.flush(), other.flush());
    one.expect("the peer shakes hands");
    other.expect("the peer shakes hands");
}

/// A watchdog, not a measurement: what hangs fails.
pub(crate) async fn within_a_minute<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work)
        .await
        .expect("the test hangs")
}

/// Numbers that look random and are the same every time.
pub(crate) struct Numbers(pub(crate) u64);

impl Iterator for Numbers {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Some(self.0 >> 33)
    }
}

macro_rules! suite {
    ($subject:expr) => {
        conformance::suite! { $subject;
            a_link_knows_both_ends
            bytes_arrive_intact_both_ways
            half_a_link_ends_and_the_other_goes_on
            a_dropped_peer_is_seen
            an_address_in_use_is_named
            a_wildcard_is_reported_and_can_be_dialed
            an_address_is_free_at_once
            dialing_where_nobody_listens
            an_unknown_option_is_refused
            many_links_at_once
            a_dropped_acceptor_accepts_no_more
            a_link_is_cut_from_another_thread
            an_acceptor_is_cut_from_another_thread
            a_writer_waits_for_its_reader_and_loses_nothing
        }
    };
    ($subject:expr; $($case:ident)*) => {
        $(#[tokio::test]
        async fn $case() {
            conformance::within_a_minute(conformance::$case($subject)).await;
        })*
    };
}
pub(crate) use suite;
