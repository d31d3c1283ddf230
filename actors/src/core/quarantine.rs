use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::PipeId;

/// So many poisonous messages of one type …
const OFFENCES: usize = 3;

/// … within so long, and the peer's messages of that type are refused …
const WITHIN: Duration = Duration::from_secs(60);

/// … for so long.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// How many accounts are kept; the one that was charged longest ago makes room.
const ACCOUNTS_MAX: usize = 4_096;

/// Who is charged with a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sender {
    /// A node that said who it is, at a host that the transport knows: to connect
    /// again does not wash it clean, nor can it have others refused elsewhere by
    /// saying their ids. One that says another id each time is not known again.
    Instance(Arc<str>, [u8; 16]),
    /// Whoever is at the other end of a pipe.
    Pipe(PipeId),
}

/// Which peers keep making handlers panic, by the wire name of what they send.
///
/// The third poisonous message of one type from one peer within a minute has all
/// its messages of that type refused for a minute; then its account starts anew.
#[derive(Debug, Default)]
pub(crate) struct Quarantine {
    accounts: HashMap<(Sender, &'static str), Account>,
    /// Until when somebody is refused; `None` once nobody is.
    until: Option<Instant>,
}

#[derive(Debug)]
struct Account {
    /// Of the last minute, oldest first; fewer than [`OFFENCES`].
    offences: VecDeque<Instant>,
    refused_until: Option<Instant>,
    charged_at: Instant,
}

impl Quarantine {
    /// A message named `name` from `sender` made its handler panic. `true` if
    /// that was one too many.
    pub(crate) fn charge(&mut self, sender: Sender, name: &'static str, now: Instant) -> bool {
        let key = (sender, name);
        if !self.accounts.contains_key(&key) {
            self.make_room(now);
        }
        let account = self
            .accounts
            .entry(key)
            .or_insert_with(|| Account::new(now));
        if account.is_settled(now) {
            *account = Account::new(now);
        }
        let is_refused = account.charge(now);
        if is_refused {
            self.until = account.refused_until;
        }
        is_refused
    }

    /// Whether messages named `name` from `sender` are not to be handled now.
    pub(crate) fn refuses(&mut self, sender: Sender, name: &'static str, now: Instant) -> bool {
        if self.until.is_some_and(|until| until <= now) {
            self.until = None;
        }
        let account = self.until.and_then(|_| self.accounts.get(&(sender, name)));
        account.is_some_and(|account| account.refused_until.is_some_and(|until| now < until))
    }

    /// Whether anybody may be refused, as far as was looked.
    pub(crate) fn is_refusing(&self) -> bool {
        self.until.is_some()
    }

    /// Until when, at the latest, somebody is refused.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }

    fn make_room(&mut self, now: Instant) {
        if self.accounts.len() < ACCOUNTS_MAX {
            return;
        }
        self.accounts.retain(|_, account| !account.is_settled(now));
        while self.accounts.len() >= ACCOUNTS_MAX {
            let accounts = self.accounts.iter();
            let oldest = accounts.min_by_key(|(_, account)| account.charged_at);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.accounts.remove(&oldest);
        }
    }
}

impl Account {
    fn new(now: Instant) -> Self {
        Account {
            offences: VecDeque::new(),
            refused_until: None,
            charged_at: now,
        }
    }

    /// Nothing in it matters any more.
    fn is_settled(&self, now: Instant) -> bool {
        match self.refused_until {
            Some(until) => until <= now,
            None => now - self.charged_at > WITHIN,
        }
    }

    /// `true` if the peer is refused from now on.
    fn charge(&mut self, now: Instant) -> bool {
        // What was in hand already when the quarantine began does not prolong it.
        if self.refused_until.is_some() {
            return false;
        }
        self.charged_at = now;
        while self.offences.front().is_some_and(|&at| now - at > WITHIN) {
            self.offences.pop_front();
        }
        self.offences.push_back(now);
        let is_refused = self.offences.len() >= OFFENCES;
        if is_refused {
            self.refused_until = Some(now + REFUSED_FOR);
        }
        is_refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: (&str, u8) = ("10.0.0.1", 1);
    const OTHER: (&str, u8) = ("10.0.0.1", 2);
    const LIAR: (&str, u8) = ("10.0.0.9", 1);

    fn sender((host, instance): (&str, u8)) -> Sender {
        Sender::Instance(host.into(), [instance; 16])
    }

    struct World {
        quarantine: Quarantine,
        start: Instant,
    }

    impl World {
        fn new() -> Self {
            World {
                quarantine: Quarantine::default(),
                start: Instant::now(),
            }
        }

        fn charge(&mut self, peer: (&str, u8), name: &'static str, second: f64) -> bool {
            let now = self.start + Duration::from_secs_f64(second);
            self.quarantine.charge(sender(peer), name, now)
        }

        fn refuses(&mut self, peer: (&str, u8), name: &'static str, second: f64) -> bool {
            let now = self.start + Duration::from_secs_f64(second);
            self.quarantine.refuses(sender(peer), name, now)
        }
    }

    #[test]
    fn the_third_offence_in_a_minute_is_one_too_many() {
        let mut world = World::new();
        assert!(!world.charge(ONE, "a", 0.0));
        assert!(!world.charge(ONE, "a", 30.0));
        assert!(!world.refuses(ONE, "a", 59.0));
        assert!(world.charge(ONE, "a", 60.0));
        assert!(world.refuses(ONE, "a", 60.0));
        assert!(!world.refuses(ONE, "b", 60.0), "another type");
        assert!(!world.refuses(OTHER, "a", 60.0), "another peer");
    }

    #[test]
    fn who_says_the_id_of_another_does_not_have_that_one_refused() {
        let mut world = World::new();
        for second in [0.0, 1.0, 2.0] {
            world.charge(LIAR, "a", second);
        }
        assert!(world.refuses(LIAR, "a", 3.0));
        assert!(!world.refuses(ONE, "a", 3.0));
    }

    #[test]
    fn the_minute_slides() {
        let mut world = World::new();
        for second in [0.0, 40.0, 80.0, 120.0, 160.0] {
            assert!(!world.charge(ONE, "a", second), "{second} s");
        }
        assert!(world.charge(ONE, "a", 161.0));
    }

    #[test]
    fn after_a_minute_the_account_starts_anew() {
        let mut world = World::new();
        for second in [0.0, 1.0, 2.0] {
            world.charge(ONE, "a", second);
        }
        assert!(!world.charge(ONE, "a", 50.0), "it was in hand already");
        assert!(world.refuses(ONE, "a", 61.9));
        assert!(!world.refuses(ONE, "a", 62.0));
        assert!(!world.charge(ONE, "a", 62.0));
        assert!(!world.charge(ONE, "a", 63.0));
        assert!(!world.refuses(ONE, "a", 63.0));
        assert!(world.charge(ONE, "a", 64.0));
    }

    #[test]
    fn nobody_is_looked_up_once_the_last_quarantine_is_over() {
        let mut world = World::new();
        for (peer, start) in [(ONE, 0.0), (OTHER, 30.0)] {
            for second in [0.0, 1.0, 2.0] {
                world.charge(peer, "a", start + second);
            }
        }
        assert!(!world.refuses(ONE, "a", 62.0));
        assert!(world.quarantine.is_refusing(), "the other one still is");
        assert!(world.refuses(OTHER, "a", 91.0));
        assert!(!world.refuses(ONE, "b", 92.0));
        assert!(!world.quarantine.is_refusing());
    }

    #[test]
    fn accounts_are_bounded_and_the_oldest_is_forgotten() {
        let mut world = World::new();
        let hosts: Vec<_> = (0..ACCOUNTS_MAX + 2).map(|host| host.to_string()).collect();
        let second = |number: usize| number as f64 / 1_000.0;
        for (number, host) in hosts[..=ACCOUNTS_MAX].iter().enumerate() {
            world.charge((host, 1), "a", second(number));
            world.charge((host, 1), "a", second(number));
        }
        assert_eq!(world.quarantine.accounts.len(), ACCOUNTS_MAX);
        let now = second(ACCOUNTS_MAX);
        assert!(!world.charge((&hosts[0], 1), "a", now), "forgotten");
        assert!(world.charge((&hosts[2], 1), "a", now), "remembered");
        // When all are settled none is kept.
        world.charge((&hosts[ACCOUNTS_MAX + 1], 1), "a", 1_000.0);
        assert_eq!(world.quarantine.accounts.len(), 1);
    }
}
