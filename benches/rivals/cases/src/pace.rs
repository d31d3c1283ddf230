use std::time::{Duration, Instant};

use crate::framework::Failure;
use crate::report::Report;

/// The part of the measured time that warms up before it.
const WARM_UP: u32 = 5;

/// Repeats `batch`, which says how many it did, for about `time`, after a warm-up. The clock is read once a batch.
pub(crate) async fn paced(
    time: Duration,
    mut batch: impl AsyncFnMut() -> Result<u64, Failure>,
) -> Result<Report, Failure> {
    repeated(time / WARM_UP, &mut batch).await?;
    repeated(time, &mut batch).await
}

async fn repeated(
    time: Duration,
    batch: &mut impl AsyncFnMut() -> Result<u64, Failure>,
) -> Result<Report, Failure> {
    let started = Instant::now();
    let mut count = 0;
    loop {
        count += batch().await?;
        let took = started.elapsed();
        if took >= time {
            return Ok(Report {
                count,
                nanoseconds: took.as_nanos() as u64,
                ..Report::default()
            });
        }
    }
}
