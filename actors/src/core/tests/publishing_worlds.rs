//! A publisher and subscribers whose connections carry a little at a time, stall and break:
//! whatever is wanted comes once, or is missed.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::publishing::{Link, STREAM, missed};
use super::*;
use crate::core::listeners::Inbox;
use crate::handle::SocketEvent;
use crate::pattern::Pattern;

/// What the subscribers want; topics are `a`, `b` and `c`.
const PATTERNS: [&[&str]; 4] = [&["a"], &["a", "*"], &["b", "c"], &[">"]];

/// How much a subscriber takes before it has to be handled.
const RECEIVE: u64 = 6;

#[derive(Clone, Debug)]
enum Act {
    Publish(&'static str),
    /// A few messages travel down to one, or all it says up.
    Down(usize),
    Up(usize),
    /// One handles what it received, or confirms that it did.
    Take(usize),
    Confirm(usize),
    Cut(usize),
    Join(usize),
}

fn an_act() -> impl Strategy<Value = Act> {
    let one = || 0..PATTERNS.len();
    prop_oneof![
        8 => prop::sample::select(vec!["a", "b", "c"]).prop_map(Act::Publish),
        4 => one().prop_map(Act::Down),
        3 => one().prop_map(Act::Up),
        3 => one().prop_map(Act::Take),
        3 => one().prop_map(Act::Confirm),
        1 => one().prop_map(Act::Cut),
        2 => one().prop_map(Act::Join),
    ]
}

struct Subscribed {
    core: Core,
    inbox: Arc<Inbox<SocketEvent>>,
    wants: &'static [&'static str],
    /// What it dialed: its messages keep their order over all connections.
    pipe: PipeId,
    link: Option<Link>,
    came: Vec<u64>,
}

struct World {
    publisher: Core,
    subscribed: Vec<Subscribed>,
    /// The topics of what was published, from number 1 on.
    topics: Vec<&'static str>,
    was_cut: bool,
}

impl World {
    fn new(overflow: Overflow, send: u64, replay: Option<u64>) -> Self {
        let mut publisher = core(SocketOptions {
            send_messages_max: send,
            overflow,
            ..config(SocketType::PUB)
        });
        publisher.publish_as(STREAM);
        if let Some(messages) = replay {
            publisher.config.replay_messages_max = messages;
        }
        let mut world = World {
            publisher,
            subscribed: Vec::new(),
            topics: Vec::new(),
            was_cut: false,
        };
        for wants in PATTERNS {
            let mut core = core(SocketOptions {
                receive_messages_max: RECEIVE,
                ..config(SocketType::SUB)
            });
            for pattern in wants {
                core.subscribe(Pattern::tokens(pattern).unwrap()).unwrap();
            }
            let inbox = core.listen();
            let pipe = core.dialed("tcp://peer:1", None);
            world.subscribed.push(Subscribed {
                core,
                inbox,
                wants,
                pipe,
                link: None,
                came: Vec::new(),
            });
        }
        world.settle();
        world
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Publish(topic) => {
                if self.publisher.send(content(topic), None).is_ok() {
                    self.topics.push(topic);
                }
            }
            Act::Down(at) => drop(self.down(at)),
            Act::Up(at) => drop(self.up(at)),
            Act::Take(at) => drop(self.take(at)),
            Act::Confirm(at) => self.confirm(at),
            Act::Cut(at) => {
                let one = &mut self.subscribed[at];
                if let Some(link) = one.link.take() {
                    link.breaks(&mut self.publisher, &mut one.core);
                    self.was_cut = true;
                }
            }
            Act::Join(at) => {
                let one = &mut self.subscribed[at];
                one.link.get_or_insert_with(|| Link {
                    there: attach(&mut self.publisher, None, RECEIVE),
                    here: attach(&mut one.core, Some(one.pipe), 1_000_000),
                });
            }
        }
    }

    fn down(&mut self, at: usize) -> bool {
        let one = &mut self.subscribed[at];
        let Some(link) = &one.link else {
            return false;
        };
        // It ends with the message that reaches as many bytes.
        let few = 20;
        let mut batch = Vec::new();
        self.publisher
            .take_sendable(&link.there, few, &mut batch, |_| false);
        let any = !batch.is_empty();
        let envelopes = batch.into_iter().map(|queued| queued.envelope);
        one.core.accept(&link.here, envelopes);
        any
    }

    fn up(&mut self, at: usize) -> bool {
        let one = &mut self.subscribed[at];
        let Some(link) = &one.link else {
            return false;
        };
        let mut batch = Vec::new();
        one.core
            .take_sendable(&link.here, u64::MAX, &mut batch, |_| false);
        let any = !batch.is_empty();
        let envelopes = batch.into_iter().map(|queued| queued.envelope);
        self.publisher.accept(&link.there, envelopes);
        any
    }

    fn take(&mut self, at: usize) -> bool {
        let one = &mut self.subscribed[at];
        let Some(message) = one.core.next_message() else {
            return false;
        };
        let position = message.position().unwrap();
        assert_eq!(position.stream, STREAM);
        assert_eq!(text(&message), self.topics[position.sequence as usize - 1]);
        one.came.push(position.sequence);
        true
    }

    fn confirm(&mut self, at: usize) {
        if let Some(link) = &self.subscribed[at].link {
            let Credit {
                handled,
                messages_max,
                ..
            } = link.here.credit();
            allow(&mut self.publisher, &link.there, handled, messages_max);
        }
    }

    /// All are there, and have everything they get.
    fn settle(&mut self) {
        for at in 0..self.subscribed.len() {
            self.act(Act::Join(at));
            loop {
                self.confirm(at);
                let up = self.up(at);
                let down = self.down(at);
                let took = self.take(at);
                if !(up | down | took) {
                    break;
                }
            }
        }
    }

    /// What was dropped of what each wanted; nothing else that was wanted did not come.
    fn check(&self, tells_all: bool) -> Result<Vec<u64>, TestCaseError> {
        let mut dropped = Vec::new();
        for one in &self.subscribed {
            let is_wanted = |number: &u64| {
                let topic = self.topics[*number as usize - 1];
                let mut patterns = one.wants.iter();
                patterns.any(|text| Pattern::tokens(text).unwrap().matches(topic.as_bytes()))
            };
            let came = &one.came;
            prop_assert!(
                came.is_sorted_by(|a, b| a < b),
                "in order and once: {:?}",
                came
            );
            prop_assert!(came.iter().all(is_wanted));
            let gaps = missed(&one.inbox);
            let mut missed = BTreeSet::new();
            for (from, to) in gaps {
                for number in from..=to {
                    prop_assert!(missed.insert(number), "{} is missed twice", number);
                }
            }
            let came: BTreeSet<_> = came.iter().copied().collect();
            let lost: BTreeSet<_> = missed.iter().copied().filter(|n| is_wanted(n)).collect();
            // A range may span what came before it was known.
            let all: BTreeSet<_> = (1..=self.topics.len() as u64).filter(is_wanted).collect();
            if tells_all {
                prop_assert_eq!(&came | &lost, all.clone(), "each comes or is missed");
            }
            let never: Vec<_> = all.difference(&came).copied().collect();
            prop_assert!(
                lost.intersection(&came).next().is_none(),
                "{:?} came and was missed",
                &came & &lost
            );
            dropped.extend(never);
        }
        Ok(dropped)
    }
}

fn a_policy() -> impl Strategy<Value = Overflow> {
    prop::sample::select(vec![
        Overflow::Wait,
        Overflow::Refuse,
        Overflow::DropNewest,
        Overflow::DropOldest,
        Overflow::Conflate,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn iridium_08_whatever_is_wanted_comes_once_or_is_missed(
        acts in prop::collection::vec(an_act(), 1..200),
        overflow in a_policy(),
        send in 1..8_u64,
        replay in prop_oneof![Just(None), (1..20_u64).prop_map(Some), Just(Some(1_000))],
    ) {
        let mut world = World::new(overflow, send, replay);
        for act in acts {
            world.act(act);
        }
        world.settle();
        let conflates = overflow == Overflow::Conflate && replay.is_none();
        let dropped = world.check(!conflates)?;
        if replay == Some(1_000) {
            prop_assert!(dropped.is_empty(), "all is kept: {:?}", dropped);
        }
        if !world.was_cut {
            prop_assert_eq!(world.publisher.lost(), dropped.len() as u64);
        }
        prop_assert_eq!(world.publisher.unflushed(), 0);
    }
}
