use actix::Message;

use crate::exit::Exit;
use crate::panics::Panic;
use crate::sync::Arc;

/// Who is told what became of a message that went through a port.
///
/// Exactly one of [`handled`](Outcome::handled) and [`lost`](Outcome::lost) is
/// called, once, after as many tries as [`again`](Outcome::again) asks for. They run
/// outside every lock, on the actor's thread, or on one of the node's own when the
/// actor's is blocked. A panic in them is the actor's, but for what is
/// [`Unwanted`](Loss::Unwanted): that panic ends nobody and is logged.
pub trait Outcome<M: Message>: Send + 'static {
    /// The handler's result: on return for a plain one, when it resolves for a future.
    fn handled(self, result: M::Result);

    /// There is no result, and why.
    fn lost(self, loss: Loss);

    /// The message anew, if it is to be handled again by the next generation, before what
    /// waits. Asked before [`lost`](Outcome::lost) would be called with
    /// [`Panicked`](Loss::Panicked) or [`Crashed`](Loss::Crashed), on the same thread and
    /// outside every lock; with `Some` neither `lost` nor `handled` is called for this try.
    ///
    /// Messages of one generation go back in the order in which they came out of the port,
    /// though it holds more than its bound then, and it hands out nothing until all
    /// are back: so this must not block, nor must [`wanted`](Outcome::wanted) and
    /// [`origin`](Outcome::origin). If no generation follows, `lost` is called with
    /// [`Stopped`](Loss::Stopped). A panic in it counts as `None` and is logged.
    /// Default: `None`.
    fn again(&mut self, loss: &Loss) -> Option<M> {
        let _ = loss;
        None
    }

    /// Whether the message is to be handled at all when its turn comes.
    /// Default: yes, and so if it panics.
    fn wanted(&self) -> bool {
        true
    }

    /// Who answers for a panic that the message causes, if not the actor. Asked
    /// only when its handler panicked or spawns a future. Default: the actor.
    fn origin(&self) -> Option<Arc<dyn Origin>> {
        None
    }
}

/// Who sent a message from outside the node, and answers for what it does to
/// its handler: the panic does not count as intensity then.
pub trait Origin: Send + Sync {
    /// Handling its message panicked; called before the message's outcome is told.
    fn charge(&self, panic: &Panic);
}

/// Why a message that went through a port has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Its own handler panicked, or a future that the handler spawned.
    Panicked(Panic),
    /// The generation that was handling it ended for another reason.
    Crashed(Exit),
    /// The actor stopped for good before it was handled, or handled again.
    Stopped(Exit),
    /// The handler let go of it without an answer.
    Unanswered,
    /// It was not [`wanted`](Outcome::wanted) any more when its turn came.
    Unwanted,
}
