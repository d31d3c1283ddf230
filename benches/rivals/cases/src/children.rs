use std::time::Instant;

use crate::framework::{Failure, Framework};
use crate::report::Report;
use crate::resident;

/// Started first and not counted: they pay for what is set up once.
const WARM_UP_CHILDREN: usize = 1_000;
/// Started together where the start itself is not the question, so that what is in flight weighs little.
const BATCH_CHILDREN: usize = 1_000;

pub(crate) async fn spawn<F: Framework>(framework: &F, children: usize) -> Result<Report, Failure> {
    let warm = framework.start_together(WARM_UP_CHILDREN).await?;
    let mut addresses = Vec::with_capacity(children);
    let started = Instant::now();
    for _ in 0..children {
        addresses.push(framework.start().await?);
    }
    let report = Report {
        count: children as u64,
        nanoseconds: started.elapsed().as_nanos() as u64,
        ..Report::default()
    };
    drop((warm, addresses));
    Ok(report)
}

pub(crate) async fn spawn_together<F: Framework>(
    framework: &F,
    children: usize,
) -> Result<Report, Failure> {
    let warm = framework.start_together(WARM_UP_CHILDREN).await?;
    let started = Instant::now();
    let addresses = framework.start_together(children).await?;
    let report = Report {
        count: addresses.len() as u64,
        nanoseconds: started.elapsed().as_nanos() as u64,
        ..Report::default()
    };
    drop((warm, addresses));
    Ok(report)
}

pub(crate) async fn memory<F: Framework>(
    framework: &F,
    children: usize,
) -> Result<Report, Failure> {
    let mut addresses = Vec::with_capacity(WARM_UP_CHILDREN + children);
    addresses.extend(framework.start_together(WARM_UP_CHILDREN).await?);
    let before = resident::now_bytes()?;
    start_in_batches(framework, children, &mut addresses).await?;
    Ok(Report {
        count: children as u64,
        bytes: resident::now_bytes()?.saturating_sub(before),
        ..Report::default()
    })
}

pub(crate) async fn lives<F: Framework>(framework: F, children: usize) -> Result<Report, Failure> {
    let mut addresses = Vec::with_capacity(children);
    let started = Instant::now();
    start_in_batches(&framework, children, &mut addresses).await?;
    let nanoseconds = started.elapsed().as_nanos() as u64;
    let stopping = Instant::now();
    framework.stop_in_reverse(addresses).await?;
    Ok(Report {
        count: children as u64,
        nanoseconds,
        stop_nanoseconds: stopping.elapsed().as_nanos() as u64,
        bytes: resident::peak_bytes()?,
    })
}

async fn start_in_batches<F: Framework>(
    framework: &F,
    children: usize,
    addresses: &mut Vec<F::Address>,
) -> Result<(), Failure> {
    let mut left = children;
    while left > 0 {
        let batch = left.min(BATCH_CHILDREN);
        addresses.extend(framework.start_together(batch).await?);
        left -= batch;
    }
    Ok(())
}
