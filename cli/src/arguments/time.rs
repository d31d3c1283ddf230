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
