//! How the values of options are written: one spelling for URLs, command lines and programs.

use std::time::Duration;

/// `on`, `off`, `true` or `false`.
pub fn parse_switch(text: &str) -> Option<bool> {
    match text {
        "on" | "true" => Some(true),
        "off" | "false" => Some(false),
        _ => None,
    }
}

/// A time with its units: `5s`, `250ms`, `1m 30s`.
pub fn parse_time(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

/// As [`parse_time`] reads it.
pub fn show_time(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

/// The largest first.
const UNITS: [(&str, u32); 5] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];

/// A number of bytes: `65536`, `64KiB`, `16MiB`.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let (unit, number) = (text[digits.len()..].trim(), digits.parse::<u64>().ok()?);
    let shift = match unit {
        "" => 0,
        _ => UNITS.into_iter().find(|(name, _)| *name == unit)?.1,
    };
    number.checked_mul(1 << shift)
}

/// As [`parse_bytes`] reads it, in the largest unit that leaves no remainder.
pub fn show_bytes(bytes: u64) -> String {
    let whole = |(_, shift): &(&str, u32)| bytes >> shift << shift == bytes && bytes >> shift > 0;
    match UNITS.iter().find(|unit| whole(unit)) {
        Some((name, shift)) => format!("{}{name}", bytes >> shift),
        None => "0B".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_they_are_shown() {
        for (bytes, text) in [
            (0, "0B"),
            (1_000, "1000B"),
            (1 << 16, "64KiB"),
            (16 << 20, "16MiB"),
            (1 << 39, "512GiB"),
            (3 << 40, "3TiB"),
            (u64::MAX, "18446744073709551615B"),
        ] {
            assert_eq!(show_bytes(bytes), text);
            assert_eq!(parse_bytes(text), Some(bytes));
        }
        assert_eq!(parse_bytes("65536"), Some(1 << 16));
        assert_eq!(parse_bytes("64 KiB"), Some(1 << 16));
        for text in ["", "KiB", "-1", "1.5MiB", "1kb", "18000000000GiB", "1 2"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_read_as_they_are_shown() {
        for text in ["0s", "250ms", "5s", "1m 30s", "10m"] {
            assert_eq!(show_time(parse_time(text).unwrap()), text);
        }
        for text in ["", "5", "s", "-1s", "1parsec"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
