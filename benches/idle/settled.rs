use std::time::Duration;

use treewire_bench_cases::{Report, resident};
use treewire_bench_roles::Failure;

/// How long nothing may have changed. An allocator gives back what it does not use after less.
const STILL_READINGS: u32 = 8;
const BETWEEN_READINGS: Duration = Duration::from_millis(250);
/// Heartbeats go on all the time, so a few pages may come and go.
const STILL_BYTES: u64 = 64 * 1024;

/// Longer than a connection is silent before it sends a heartbeat.
const UNTIL_HEARTBEATS: Duration = Duration::from_secs(7);

/// What this process takes, once heartbeats have gone both ways and it has stopped changing, as a report on so many.
pub(crate) async fn tell(count: usize) -> Result<(), Failure> {
    tokio::time::sleep(UNTIL_HEARTBEATS).await;
    let mut bytes = resident()?;
    let mut still = 0;
    while still < STILL_READINGS {
        tokio::time::sleep(BETWEEN_READINGS).await;
        let now_bytes = resident()?;
        if now_bytes.abs_diff(bytes) <= STILL_BYTES {
            still += 1;
        } else {
            (bytes, still) = (now_bytes, 0);
        }
    }
    report(count, resident()?);
    Ok(())
}

/// How many are alive, for the end.
pub(crate) fn tell_alive(count: usize) {
    report(count, 0);
}

fn report(count: usize, bytes: u64) {
    let count = count as u64;
    Report {
        count,
        bytes,
        ..Report::default()
    }
    .print();
}

fn resident() -> Result<u64, Failure> {
    resident::now_bytes().map_err(|error| -> Failure { error })
}
