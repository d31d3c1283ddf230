use std::time::Duration;

use super::Failure;

/// A run at least this long tells the rate well enough to plan the others.
const CONCLUSIVE: Duration = Duration::from_millis(200);
/// How much longer the next attempt is when one was too short to tell.
const GROWTH_MAX: f64 = 20.0;

/// How many messages make a run of about `wanted`, found by running: `measure` takes a count and tells how long it took.
/// This is the warm-up, too.
///
/// # Errors
/// What `measure` fails with.
pub(crate) fn calibrated_count(
    wanted: Duration,
    first_guess: u64,
    mut measure: impl FnMut(u64) -> Result<Duration, Failure>,
) -> Result<u64, Failure> {
    let mut count = first_guess;
    loop {
        let took = measure(count)?;
        let factor = wanted.as_secs_f64() / took.as_secs_f64().max(1e-9);
        let next = (count as f64 * factor.min(GROWTH_MAX)).max(2.0) as u64;
        if took >= CONCLUSIVE.min(wanted / 2) {
            return Ok(next);
        }
        count = next;
    }
}
