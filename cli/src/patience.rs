//! `--timeout`: how long the command waits without progress.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::ending::Ending;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience(Option<Duration>);

impl Patience {
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Patience(limit)
    }

    /// Waits for `future` while `progress` keeps changing; `lacking` says what
    /// there was none of.
    pub(crate) async fn wait<T, P: PartialEq>(
        self,
        future: impl Future<Output = T>,
        progress: impl Fn() -> P,
        lacking: &str,
    ) -> Result<T, Ending> {
        let Some(limit) = self.0 else {
            return Ok(future.await);
        };
        let mut future = pin!(future);
        let (mut known, mut since) = (progress(), Instant::now());
        loop {
            tokio::select! {
                biased;
                output = &mut future => return Ok(output),
                () = sleep(limit / LOOKS) => {}
            }
            let now = progress();
            if now != known {
                (known, since) = (now, Instant::now());
            } else if since.elapsed() >= limit {
                return Err(Ending::TimedOut {
                    after: limit,
                    lacking: lacking.to_owned(),
                });
            }
        }
    }

    /// Waits for `future` as long as the limit says.
    pub(crate) async fn wait_once<T>(
        self,
        future: impl Future<Output = T>,
        lacking: &str,
    ) -> Result<T, Ending> {
        self.wait(future, || (), lacking).await
    }
}

/// How often progress is looked at within one limit.
const LOOKS: u32 = 16;
