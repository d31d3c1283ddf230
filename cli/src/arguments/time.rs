use std::time::Duration;

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let allowed = "allowed is a number and a unit above zero: 500ms, 5s, 2m";
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(allowed.to_owned()),
    }
}

/// Shorter than this nothing can be seen.
const DEMO_MIN: Duration = Duration::from_secs(1);

pub(super) fn duration_of_a_demo(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok(duration) if duration >= DEMO_MIN => Ok(duration),
        _ => Err("allowed is a number and a unit, at least 1s: 8s, 2m".to_owned()),
    }
}

/// How often the demonstration kills; `None` is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChaosInterval(pub(crate) Option<Duration>);

/// More often nothing could come back in between.
const CHAOS_MIN: Duration = Duration::from_millis(100);

pub(super) fn chaos_of_a_demo(text: &str) -> Result<ChaosInterval, String> {
    match (text, duration(text)) {
        ("off", _) => Ok(ChaosInterval(None)),
        (_, Ok(every)) if every >= CHAOS_MIN => Ok(ChaosInterval(Some(every))),
        _ => Err("allowed is off, or a number and a unit, at least 100ms: 3s".to_owned()),
    }
}
