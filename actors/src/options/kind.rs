//! What values options have, and how they are written.

use std::marker::PhantomData;
use std::time::Duration;

use treewire_transports::value::{parse_bytes, parse_switch, parse_time, show_bytes, show_time};
use treewire_transports::{Content, Delivery, OptionKind};

use crate::bound::Overflow;
use crate::core::{Stickiness, Stops, is_said};
use crate::pattern::{Balance, Connector, LockStep};
use crate::typed::Codec;

/// A kind of value. What is shown can be read, unless a program alone can say it.
pub(crate) trait Kind {
    type Value;

    const ALLOWED: OptionKind;

    /// The value of a text that is [allowed](Self::ALLOWED).
    fn parse(text: &str) -> Option<Self::Value>;

    fn show(value: &Self::Value) -> String;

    /// A builder method is called, maybe again.
    fn put(field: &mut Self::Value, value: Self::Value) {
        *field = value;
    }

    /// Whether a value that a program set is within bounds.
    fn fits(value: &Self::Value) -> bool {
        Self::ALLOWED.allows(&Self::show(value))
    }
}

/// On or off.
pub(crate) struct Switch;

impl Kind for Switch {
    type Value = bool;

    const ALLOWED: OptionKind = OptionKind::Bool;

    fn parse(text: &str) -> Option<bool> {
        parse_switch(text)
    }

    fn show(value: &bool) -> String {
        if *value { "on" } else { "off" }.to_owned()
    }
}

/// A number within bounds, both included.
pub(crate) struct Count<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Kind for Count<MIN, MAX> {
    type Value = u64;

    const ALLOWED: OptionKind = OptionKind::Integer { min: MIN, max: MAX };

    fn parse(text: &str) -> Option<u64> {
        text.parse().ok()
    }

    fn show(value: &u64) -> String {
        value.to_string()
    }
}

/// Bytes within bounds, both included.
pub(crate) struct Bytes<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Kind for Bytes<MIN, MAX> {
    type Value = u64;

    const ALLOWED: OptionKind = OptionKind::Bytes { min: MIN, max: MAX };

    fn parse(text: &str) -> Option<u64> {
        parse_bytes(text)
    }

    fn show(value: &u64) -> String {
        show_bytes(*value)
    }
}

/// A time of so many milliseconds at least. What is added to a point in time must not
/// reach beyond what that can say.
pub(crate) struct Time<const MIN: u64>;

const TEN_YEARS: Duration = Duration::from_secs(315_576_000);

impl<const MIN: u64> Kind for Time<MIN> {
    type Value = Duration;

    const ALLOWED: OptionKind = OptionKind::Time {
        min: Duration::from_millis(MIN),
        max: TEN_YEARS,
    };

    fn parse(text: &str) -> Option<Duration> {
        parse_time(text)
    }

    fn show(value: &Duration) -> String {
        show_time(*value)
    }
}

/// One of that kind, or none.
pub(crate) struct Maybe<K>(PhantomData<K>);

const NONE: &str = "none";

impl<K: Kind> Kind for Maybe<K> {
    type Value = Option<K::Value>;

    const ALLOWED: OptionKind = OptionKind::OrNone(&K::ALLOWED);

    fn parse(text: &str) -> Option<Self::Value> {
        match OptionKind::is_none(text) {
            true => Some(None),
            false => K::parse(text).map(Some),
        }
    }

    fn show(value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| NONE.to_owned(), K::show)
    }
}

/// A name; none is an empty one.
pub(crate) struct Name;

impl Kind for Name {
    type Value = String;

    const ALLOWED: OptionKind = OptionKind::OrNone(&OptionKind::Text);

    fn parse(text: &str) -> Option<String> {
        let is_none = OptionKind::is_none(text);
        Some(if is_none { "" } else { text }.to_owned())
    }

    fn show(value: &String) -> String {
        if value.is_empty() { NONE } else { value }.to_owned()
    }
}

/// A message; none is an empty one.
pub(crate) struct Said;

impl Kind for Said {
    type Value = Content;

    const ALLOWED: OptionKind = OptionKind::OrNone(&OptionKind::Text);

    fn parse(text: &str) -> Option<Content> {
        let is_none = OptionKind::is_none(text);
        Some(Content::from(if is_none { "" } else { text }))
    }

    /// Other than a text a program alone can say.
    fn show(value: &Content) -> String {
        let text = str::from_utf8(value.first());
        match text.ok().filter(|_| value.part_count() == 1) {
            _ if !is_said(value) => NONE.to_owned(),
            Some(text) => text.to_owned(),
            None => format!("{} bytes", value.byte_len()),
        }
    }
}

/// How many peers a socket takes.
pub(crate) struct Peers;

impl Kind for Peers {
    type Value = Connector;

    const ALLOWED: OptionKind = OptionKind::OrNone(&OptionKind::Integer {
        min: 0,
        max: u32::MAX as u64,
    });

    fn parse(text: &str) -> Option<Connector> {
        match OptionKind::is_none(text) {
            true => Some(Connector::Unlimited),
            false => text.parse().ok().map(Connector::AtMost),
        }
    }

    fn show(value: &Connector) -> String {
        match value {
            Connector::Unlimited => NONE.to_owned(),
            Connector::AtMost(limit) => limit.to_string(),
        }
    }
}

/// How often something is tried. Zero is for ever, as none is.
pub(crate) struct Attempts;

impl Kind for Attempts {
    type Value = Option<u32>;

    const ALLOWED: OptionKind = OptionKind::OrNone(&OptionKind::Integer {
        min: 0,
        max: u32::MAX as u64,
    });

    fn parse(text: &str) -> Option<Option<u32>> {
        match OptionKind::is_none(text) {
            true => Some(None),
            false => text.parse().ok().map(Some),
        }
    }

    fn show(value: &Option<u32>) -> String {
        value.map_or_else(|| NONE.to_owned(), |attempts| attempts.to_string())
    }
}

/// On what endpoints are given up. Builder methods add to it.
pub(crate) struct StopsOn;

impl Kind for StopsOn {
    type Value = Stops;

    const ALLOWED: OptionKind = OptionKind::OneOf(&[NONE, "refused", "handshake", "both"]);

    fn parse(text: &str) -> Option<Stops> {
        let (when_refused, after_handshake) = match text {
            NONE => (false, false),
            "refused" => (true, false),
            "handshake" => (false, true),
            "both" => (true, true),
            _ => return None,
        };
        Some(Stops {
            when_refused,
            after_handshake,
        })
    }

    fn show(value: &Stops) -> String {
        match (value.when_refused, value.after_handshake) {
            (false, false) => NONE,
            (true, false) => "refused",
            (false, true) => "handshake",
            (true, true) => "both",
        }
        .to_owned()
    }

    fn put(field: &mut Stops, value: Stops) {
        field.when_refused |= value.when_refused;
        field.after_handshake |= value.after_handshake;
    }
}

/// The instance id of a node.
pub(crate) struct Instance;

impl Kind for Instance {
    type Value = [u8; 16];

    const ALLOWED: OptionKind = OptionKind::Hexadecimal { bytes: 16 };

    fn parse(text: &str) -> Option<[u8; 16]> {
        let number = u128::from_str_radix(text, 16).ok()?;
        Some(number.to_be_bytes())
    }

    fn show(value: &[u8; 16]) -> String {
        format!("{:032x}", u128::from_be_bytes(*value))
    }
}

/// A choice that has words.
pub(crate) struct OneOf<T>(PhantomData<T>);

pub(crate) trait Words: Sized {
    const WORDS: &'static [&'static str];

    fn of(word: &str) -> Option<Self>;

    fn word(&self) -> &'static str;
}

impl<T: Words> Kind for OneOf<T> {
    type Value = T;

    const ALLOWED: OptionKind = OptionKind::OneOf(T::WORDS);

    fn parse(text: &str) -> Option<T> {
        T::of(text)
    }

    fn show(value: &T) -> String {
        value.word().to_owned()
    }

    /// Of what has no word a program alone can say it.
    fn fits(_: &T) -> bool {
        true
    }
}

/// The words of an enum, then what a program alone can say.
macro_rules! words {
    ($type:ty { $($word:literal => $value:path),+ $(,)? } $(or { $($pattern:pat => $shown:literal),+ $(,)? })?) => {
        impl Words for $type {
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn of(word: &str) -> Option<Self> {
                match word {
                    $($word => Some($value),)+
                    _ => None,
                }
            }

            fn word(&self) -> &'static str {
                match self {
                    $($value => $word,)+
                    $($($pattern => $shown,)+)?
                }
            }
        }
    };
}

words!(Overflow {
    "wait" => Overflow::Wait,
    "refuse" => Overflow::Refuse,
    "drop-newest" => Overflow::DropNewest,
    "drop-oldest" => Overflow::DropOldest,
    "conflate" => Overflow::Conflate,
});

words!(Delivery {
    "best-effort" => Delivery::BestEffort,
    "reliable" => Delivery::Reliable,
} or { Delivery::Durable => "durable" });

words!(Stickiness {
    "stick" => Stickiness::Stick,
    "failover" => Stickiness::Failover,
} or { Stickiness::Ask(_) => "ask" });

words!(Codec {
    "postcard" => Codec::Postcard,
    "json" => Codec::Json,
    "msgpack" => Codec::Msgpack,
    "cbor" => Codec::Cbor,
});

words!(LockStep {
    "off" => LockStep::Off,
    "strict" => LockStep::Strict,
    "relaxed" => LockStep::Relaxed,
});

words!(Balance {
    "least-outstanding" => Balance::LeastOutstanding,
    "round-robin" => Balance::RoundRobin,
});
