use std::thread;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::oneshot;

use crate::framework::{Failure, Framework};
use crate::pace::paced;
use crate::report::Report;

/// Messages told on the actor's own thread before it gets its turn.
const BURST_MESSAGES: u64 = 64;
/// Messages told from another thread between two looks at how far the actor is.
const WINDOW_MESSAGES: u64 = 256;
/// Questions under way at any time, where there are many.
const ASKS_UNDER_WAY: u64 = 64;
/// Questions, one after the other, between two looks at the clock.
const ASKS_A_BATCH: u64 = 64;

/// No case has more messages in a mailbox than this: the window that is told and the one before it.
pub const QUEUED_MESSAGES_MAX: usize = 2 * WINDOW_MESSAGES as usize;

pub(crate) async fn tell_same<F: Framework>(
    framework: &F,
    time: Duration,
) -> Result<Report, Failure> {
    let address = framework.start().await?;
    let mut told = 0;
    paced(time, async || {
        let total = told_window::<F>(&address, BURST_MESSAGES).await?;
        told += BURST_MESSAGES - 1;
        check(told, total.await?)?;
        Ok(BURST_MESSAGES)
    })
    .await
}

/// One window is told while the actor works on the one before it, so that neither side waits for the other while both
/// keep up, and no mailbox overflows when the actor does not.
pub(crate) async fn tell_other<F: Framework>(
    framework: &F,
    time: Duration,
) -> Result<Report, Failure> {
    let address = framework.start().await?;
    on_another_thread(async move || {
        let mut handled = 0;
        let mut before = told_window::<F>(&address, WINDOW_MESSAGES).await?;
        paced(time, async || {
            let total = told_window::<F>(&address, WINDOW_MESSAGES).await?;
            handled += WINDOW_MESSAGES - 1;
            check(handled, std::mem::replace(&mut before, total).await?)?;
            Ok(WINDOW_MESSAGES)
        })
        .await
    })
    .await
}

/// Tells `messages` messages, the last of which asks for the total.
async fn told_window<F: Framework>(
    address: &F::Address,
    messages: u64,
) -> Result<oneshot::Receiver<u64>, Failure> {
    for _ in 1..messages {
        F::tell(address, 1).await?;
    }
    let (sender, total) = oneshot::channel();
    F::tell_total(address, sender).await?;
    Ok(total)
}

pub(crate) async fn ask_same<F: Framework>(
    framework: &F,
    time: Duration,
) -> Result<Report, Failure> {
    let address = framework.start().await?;
    ask_in_turn::<F>(address, time).await
}

pub(crate) async fn ask_other<F: Framework>(
    framework: &F,
    time: Duration,
) -> Result<Report, Failure> {
    let address = framework.start().await?;
    on_another_thread(async move || ask_in_turn::<F>(address, time).await).await
}

async fn ask_in_turn<F: Framework>(address: F::Address, time: Duration) -> Result<Report, Failure> {
    let mut asked = 0;
    paced(time, async || {
        for _ in 0..ASKS_A_BATCH {
            asked += 1;
            check(asked, F::ask(&address, 1).await?)?;
        }
        Ok(ASKS_A_BATCH)
    })
    .await
}

pub(crate) async fn ask_many<F: Framework>(
    framework: &F,
    time: Duration,
) -> Result<Report, Failure> {
    let address = framework.start().await?;
    on_another_thread(async move || {
        let mut asked = 0;
        paced(time, async || {
            let askers = (0..ASKS_UNDER_WAY).map(async |_| {
                for _ in 0..ASKS_A_BATCH {
                    F::ask(&address, 1).await?;
                }
                Ok::<_, Failure>(())
            });
            try_join_all(askers).await?;
            asked += ASKS_UNDER_WAY * ASKS_A_BATCH;
            check(asked, F::ask(&address, 0).await?)?;
            Ok(ASKS_UNDER_WAY * ASKS_A_BATCH)
        })
        .await
    })
    .await
}

/// Runs `work` in a runtime of its own on a thread of its own, while this one serves.
async fn on_another_thread<T: Send + 'static>(
    work: impl AsyncFnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let (sender, result) = oneshot::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let outcome = match runtime {
            Ok(runtime) => runtime.block_on(work()),
            Err(error) => Err(error.into()),
        };
        // Whoever waits goes away with the process only.
        let _ = sender.send(outcome);
    });
    result.await?
}

fn check(expected: u64, total: u64) -> Result<(), Failure> {
    if total == expected {
        Ok(())
    } else {
        Err(format!("the actor counted {total}, it was sent {expected}").into())
    }
}
