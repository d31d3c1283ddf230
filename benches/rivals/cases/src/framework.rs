use std::future::Future;

use tokio::sync::oneshot;

/// Why a case was not run to its end.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How one actor framework does what the cases ask of it. An implementation is what the framework's own documentation
/// would have one write.
///
/// Every actor is alike: it adds up the amounts it is sent.
pub trait Framework: Sized {
    /// Reaches one actor, from any thread.
    type Address: Clone + Send + 'static;

    /// Runs `work` on this thread, on which the actors run, too.
    ///
    /// # Errors
    /// Those of `work`, or the framework cannot be set up.
    fn run<T: 'static>(
        work: impl AsyncFnOnce(Self) -> Result<T, Failure> + 'static,
    ) -> Result<T, Failure>;

    /// Starts an actor. It is ready when this returns: what it does before its first message is done.
    fn start(&self) -> impl Future<Output = Result<Self::Address, Failure>>;

    /// Starts `count` actors without waiting for one before the next. All are ready when this returns.
    fn start_together(
        &self,
        count: usize,
    ) -> impl Future<Output = Result<Vec<Self::Address>, Failure>>;

    /// Stops all actors in reverse order of their start, each gone before the next is told to.
    fn stop_in_reverse(
        self,
        addresses: Vec<Self::Address>,
    ) -> impl Future<Output = Result<(), Failure>>;

    /// Tells an actor to add `amount`. The mailbox has room for it.
    fn tell(address: &Self::Address, amount: u64) -> impl Future<Output = Result<(), Failure>>;

    /// Tells an actor to send its total through `total`.
    fn tell_total(
        address: &Self::Address,
        total: oneshot::Sender<u64>,
    ) -> impl Future<Output = Result<(), Failure>>;

    /// Asks an actor to add `amount` and to answer with its total.
    fn ask(address: &Self::Address, amount: u64) -> impl Future<Output = Result<u64, Failure>>;
}
