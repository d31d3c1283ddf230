//! How long the command waits: `--timeout` without progress, and not for nobody.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};

use crate::ending::Ending;
use crate::patterns::Unreachable;

#[derive(Clone, Debug)]
pub(crate) struct Patience {
    limit: Option<Duration>,
    unreachable: Option<Unreachable>,
}

impl Patience {
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Patience {
            limit,
            unreachable: None,
        }
    }

    /// It ends as soon as nobody can be reached any more.
    pub(crate) fn unless(self, unreachable: Unreachable) -> Self {
        Patience {
            unreachable: Some(unreachable),
            ..self
        }
    }

    /// For what needs nobody.
    pub(crate) fn with_nobody(&self) -> Self {
        Patience::new(self.limit)
    }

    /// Waits for `future` while `progress` keeps changing; `lacking` says what
    /// there was none of.
    pub(crate) async fn wait<T, P: PartialEq>(
        &self,
        future: impl Future<Output = T>,
        progress: impl Fn() -> P,
        lacking: &str,
    ) -> Result<T, Ending> {
        let mut future = pin!(future);
        let in_time = self.in_time(&mut future, progress, lacking);
        let Some(unreachable) = self.unreachable.clone() else {
            return in_time.await;
        };
        let why = tokio::select! {
            biased;
            output = in_time => return output,
            why = unreachable => why,
        };
        // What the last peer did came before it went.
        match future.now_or_never() {
            Some(output) => Ok(output),
            None => Err(Ending::Failed(why)),
        }
    }

    async fn in_time<T, P: PartialEq>(
        &self,
        mut future: impl Future<Output = T> + Unpin,
        progress: impl Fn() -> P,
        lacking: &str,
    ) -> Result<T, Ending> {
        let Some(limit) = self.limit else {
            return Ok(future.await);
        };
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
        &self,
        future: impl Future<Output = T>,
        lacking: &str,
    ) -> Result<T, Ending> {
        self.wait(future, || (), lacking).await
    }
}

/// How often progress is looked at within one limit.
const LOOKS: u32 = 16;
