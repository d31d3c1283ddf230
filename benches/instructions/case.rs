//! What is counted.

use treewire::prelude::*;

use super::{actors, sockets, wire};

pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What one of it is, for people.
    pub(crate) about: &'static str,
    /// In the shorter of two processes; the other has twice as many.
    pub(crate) messages: u64,
    /// A difference up to this is noise.
    pub(crate) margin_percent: f64,
    pub(crate) play: fn(u64),
}

/// Where each step is the same each time: five counts in a row were at most 0.02 % apart.
const NARROW: f64 = 3.0;
/// Where the clock has a say: five counts in a row were up to 0.1 % apart for sockets, and 9 % for questions.
const WIDE: f64 = 20.0;

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "encode-16",
        about: "a message of 16 bytes into the output of a stream",
        messages: 64_000,
        margin_percent: NARROW,
        play: |count| wire::encode(16, count),
    },
    Case {
        name: "encode-1024",
        about: "a message of 1 KiB into the output of a stream",
        messages: 64_000,
        margin_percent: NARROW,
        play: |count| wire::encode(1_024, count),
    },
    Case {
        name: "decode-16",
        about: "a message of 16 bytes out of a read of 64",
        messages: 64_000,
        margin_percent: NARROW,
        play: |count| wire::decode(16, count),
    },
    Case {
        name: "decode-1024",
        about: "a message of 1 KiB out of a read of 64",
        messages: 64_000,
        margin_percent: NARROW,
        play: |count| wire::decode(1_024, count),
    },
    Case {
        name: "tell",
        about: "a message to an actor of the same thread, in bursts of 64",
        messages: 64_000,
        margin_percent: NARROW,
        play: actors::tell,
    },
    Case {
        name: "ask",
        about: "a question to an actor of the same thread",
        messages: 10_000,
        margin_percent: NARROW,
        play: actors::ask,
    },
    Case {
        name: "ask-on-a-thread",
        about: "the same on a thread with a real clock",
        messages: 10_000,
        margin_percent: WIDE,
        play: actors::ask_on_a_thread,
    },
    Case {
        name: "push-pull-16",
        about: "a message of 16 bytes, from send to recv, best effort",
        messages: 10_000,
        margin_percent: NARROW,
        play: |count| sockets::push_pull(BestEffort, 16, count),
    },
    Case {
        name: "push-pull-1024",
        about: "a message of 1 KiB, from send to recv, best effort",
        messages: 10_000,
        margin_percent: NARROW,
        play: |count| sockets::push_pull(BestEffort, 1_024, count),
    },
    Case {
        name: "push-pull-reliable-16",
        about: "a message of 16 bytes, from send to recv, reliable",
        messages: 10_000,
        margin_percent: NARROW,
        play: |count| sockets::push_pull(Reliable, 16, count),
    },
    Case {
        name: "push-pull-reliable-1024",
        about: "a message of 1 KiB, from send to recv, reliable",
        messages: 10_000,
        margin_percent: NARROW,
        play: |count| sockets::push_pull(Reliable, 1_024, count),
    },
    Case {
        name: "push-pull-on-a-thread",
        about: "the same as push-pull-16 on a thread with a real clock",
        messages: 50_000,
        margin_percent: WIDE,
        play: |count| sockets::push_pull_on_a_thread(16, count),
    },
    Case {
        name: "req-rep",
        about: "a request of 16 bytes and its answer, one at a time, best effort",
        messages: 1_000,
        margin_percent: NARROW,
        play: |count| sockets::req_rep(BestEffort, count),
    },
    Case {
        name: "req-rep-reliable",
        about: "a request of 16 bytes and its answer, one at a time, reliable",
        messages: 1_000,
        margin_percent: NARROW,
        play: |count| sockets::req_rep(Reliable, count),
    },
    Case {
        name: "publish-100-queued",
        about: "a message into the queues of 100 subscribers, best effort",
        messages: 500,
        margin_percent: NARROW,
        play: |count| sockets::publish_into_queues(100, BestEffort, count),
    },
    Case {
        name: "publish-100-queued-reliable",
        about: "a message into the queues of 100 subscribers, reliable",
        messages: 500,
        margin_percent: NARROW,
        play: |count| sockets::publish_into_queues(100, Reliable, count),
    },
    Case {
        name: "publish-100-received",
        about: "a message received by 100 subscribers, best effort",
        messages: 200,
        margin_percent: NARROW,
        play: |count| sockets::publish_and_receive(100, BestEffort, count),
    },
    Case {
        name: "publish-100-received-reliable",
        about: "a message received by 100 subscribers, reliable",
        messages: 200,
        margin_percent: NARROW,
        play: |count| sockets::publish_and_receive(100, Reliable, count),
    },
];
