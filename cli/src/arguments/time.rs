use std::time::Duration;

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let allowed = "allowed is a number and a unit above zero: 500ms, 5s, 2m";
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(allowed.to_owned()),
    }
}
