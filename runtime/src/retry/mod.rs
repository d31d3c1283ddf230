//! Trying again what depends on the world: the rules of `restart/`, for users.

mod error;
mod handle;

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::restart::{Backoff, BackoffState, Verdict};

pub use error::{GivenUp, RetryError};
pub use handle::RetryHandle;
use handle::Wishes;

/// Tries an operation again and again, with the waits of a [`Backoff`].
///
/// It works in an actor, whose generation takes the retries with it when it ends,
/// and in any other future.
///
/// ```
/// use std::io;
/// use treewire_runtime::{Backoff, Retry, Verdict};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let mut left = 2;
/// let connect = || {
///     left -= 1;
///     let done = if left == 0 { Ok("connected") } else { Err(io::ErrorKind::ConnectionRefused) };
///     async move { done }
/// };
/// let retry = Retry::new(Backoff::default().attempts(5));
/// let connected = retry.run_if(connect, |error| match error {
///     io::ErrorKind::PermissionDenied => Verdict::Fatal,
///     _ => Verdict::Again,
/// });
/// assert_eq!(connected.await.unwrap(), "connected");
/// # }
/// ```
#[derive(Debug)]
pub struct Retry {
    limits: Backoff,
    row: BackoffState,
    chance: fastrand::Rng,
    clock: Clock,
    wishes: watch::Receiver<Wishes>,
    /// The resets that were asked for when this row began.
    resets: u64,
    handle: RetryHandle,
}

impl Retry {
    /// Retries within `limits`, by the clock of the machine, with a seed that differs
    /// each time.
    pub fn new(limits: Backoff) -> Self {
        let (handle, wishes) = RetryHandle::new();
        Retry {
            limits,
            row: BackoffState::default(),
            chance: fastrand::Rng::new(),
            clock: Clock::real(),
            wishes,
            resets: 0,
            handle,
        }
    }

    /// Waits by `clock`, that of a node for instance. It needs no runtime then.
    pub fn clock(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self
    }

    /// Makes its waits replay: the same seed gives the same ones.
    pub fn seed(mut self, seed: u64) -> Self {
        self.chance.seed(seed);
        self
    }

    /// Cancels it, or starts its row anew, from anywhere.
    pub fn handle(&self) -> RetryHandle {
        self.handle.clone()
    }

    /// How long to wait before the next retry of this row, zero for the first;
    /// `None` when there is none, because it was cancelled or the attempts are used
    /// up. It does not wait itself.
    pub fn next_wait(&mut self) -> Option<Duration> {
        self.wait_after(Verdict::Again)
    }

    /// Waits until the next retry is due.
    ///
    /// # Errors
    /// [`GivenUp`] if there is none, at once; or as soon as it is cancelled.
    ///
    /// # Cancel safety
    /// A wait that is dropped has used up its attempt.
    pub async fn wait(&mut self) -> Result<(), GivenUp> {
        match self.next_wait() {
            Some(wait) => self.pause(wait).await,
            None => Err(self.given_up()),
        }
    }

    /// What is tried works again: the next failure begins a new row.
    pub fn reset(&mut self) {
        self.row.reset();
    }

    /// Calls `operation` until it succeeds; whatever its error is, it is tried again.
    ///
    /// # Errors
    /// As [`run_if`](Self::run_if).
    pub fn run<T, E, F>(
        self,
        operation: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, RetryError<E>>>
    where
        F: Future<Output = Result<T, E>>,
    {
        self.run_if(operation, |_| Verdict::Again)
    }

    /// Calls `operation` until it succeeds, or `judge` finds its error fatal; a
    /// refusal waits for about the ceiling. For actors' own errors there is
    /// [`Failure::verdict`](crate::Failure::verdict).
    ///
    /// Cancelling drops the future of the operation, so a success that comes later
    /// is ignored; so does dropping what is returned here.
    ///
    /// # Errors
    /// [`RetryError::Fatal`] and [`RetryError::Exhausted`] with the operation's last
    /// error, [`RetryError::Cancelled`].
    pub async fn run_if<T, E, F>(
        mut self,
        mut operation: impl FnMut() -> F,
        mut judge: impl FnMut(&E) -> Verdict,
    ) -> Result<T, RetryError<E>>
    where
        F: Future<Output = Result<T, E>>,
    {
        loop {
            let cancelled = cancelled(self.wishes.clone());
            let tried = tokio::select! {
                biased;
                () = cancelled => return Err(RetryError::Cancelled),
                // Called when it is polled: not at all when it is too late.
                tried = async { operation().await } => tried,
            };
            let error = match tried {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let wait = match judge(&error) {
                Verdict::Fatal => return Err(RetryError::Fatal(error)),
                verdict => self.wait_after(verdict),
            };
            let Some(wait) = wait else {
                return Err(self.given_up().with(error));
            };
            // Before the wait, so that the error need not live in it.
            drop(error);
            if self.pause(wait).await.is_err() {
                return Err(RetryError::Cancelled);
            }
        }
    }

    fn wait_after(&mut self, verdict: Verdict) -> Option<Duration> {
        let wishes = *self.wishes.borrow();
        if wishes.cancelled {
            return None;
        }
        if wishes.resets != self.resets {
            self.resets = wishes.resets;
            self.row.reset();
        }
        match verdict {
            Verdict::Again => self.row.next(self.limits, &mut self.chance),
            Verdict::Refused => self.row.refused(self.limits, &mut self.chance),
            Verdict::Fatal => None,
        }
    }

    /// Sleeps for `wait`, less if a new row is wished for, whose first retry comes at once.
    async fn pause(&mut self, wait: Duration) -> Result<(), GivenUp> {
        if wait.is_zero() {
            // An operation that fails at once must not keep its thread.
            tokio::task::yield_now().await;
            return match self.wishes.borrow().cancelled {
                true => Err(GivenUp::Cancelled),
                false => Ok(()),
            };
        }
        let asleep = self.clock.sleep(wait);
        let resets = self.resets;
        let wished = self
            .wishes
            .wait_for(|wishes| wishes.cancelled || wishes.resets != resets);
        let is_wished = tokio::select! {
            biased;
            // The handle of its own keeps the wishes open.
            _ = wished => true,
            () = asleep => false,
        };
        match is_wished && self.next_wait().is_none() {
            true => Err(self.given_up()),
            false => Ok(()),
        }
    }

    fn given_up(&self) -> GivenUp {
        match self.wishes.borrow().cancelled {
            true => GivenUp::Cancelled,
            false => GivenUp::Exhausted {
                attempts: self.row.attempts(),
            },
        }
    }
}

async fn cancelled(mut wishes: watch::Receiver<Wishes>) {
    // An error would say that nobody is left to cancel it; its own handle is.
    let _ = wishes.wait_for(|wishes| wishes.cancelled).await;
}
