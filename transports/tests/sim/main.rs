//! The simulated network keeps the rules of every transport while nothing is wrong with it, and then has its faults.

#[path = "../conformance/mod.rs"]
mod conformance;

mod datagrams;
mod faults;

use std::time::Duration;

use conformance::Subject;
use treewire_transports::{Conditions, SimNetwork};

mod streams {
    use super::conformance::{self, suite};

    suite!(super::subject(super::faultless(), || "sim://place".to_owned()));
}

mod messages {
    use super::conformance::{self, suite};

    suite!(super::subject(super::faultless(), || {
        "sim://place?links=messages".to_owned()
    }));
}

mod slow_streams {
    use super::conformance::{self, suite};

    suite!(super::subject(super::slow(), || "sim://place".to_owned()));
}

mod slow_messages {
    use super::conformance::{self, suite};

    suite!(super::subject(super::slow(), || {
        "sim://place?links=messages".to_owned()
    }));
}

fn subject(conditions: Conditions, place: fn() -> String) -> Subject {
    let network = SimNetwork::new(7);
    network.set(conditions);
    Subject {
        registry: network.registry("here"),
        place,
        wildcard: None,
        dial_waits: false,
    }
}

fn faultless() -> Conditions {
    Conditions::default()
}

fn slow() -> Conditions {
    Conditions::default()
        .delay(Duration::from_micros(100)..=Duration::from_millis(3))
        .bandwidth(100_000_000)
}
