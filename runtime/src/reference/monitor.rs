use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use actix::dev::MessageResponse;
use actix::fut::ActorFuture;
use actix::{Actor, Handler, Message};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::execution::Execution;
use crate::exit::Exit;

/// A generation of a watched child has ended, or the child is gone for good.
///
/// The generation's actor is dropped by then, or was given up with its thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// The child's path; its name alone if it was never taken into the tree.
    pub path: Arc<str>,
    /// Which generation, counted from 1. With `last`, how many there were.
    pub generation: u64,
    /// Why it ended, as the tree records it.
    pub exit: Exit,
    /// No generation follows, unless somebody starts the child again by hand. It is
    /// told by itself, after the end of the last generation, and nothing after it.
    pub last: bool,
}

impl Message for Down {
    type Result = ();
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Down {
            path,
            generation,
            exit,
            last,
        } = self;
        match last {
            false => write!(f, "{path} #{generation} ended: {exit}"),
            true => write!(f, "{path} is gone: {exit}"),
        }
    }
}

/// Hears of the ends of one child; see [`Ref::monitor`](crate::Ref::monitor).
/// Dropping it ends that.
///
/// Reading slowly holds nobody up: 16 ends wait, then the oldest are lost and
/// counted. The last one of all is never lost.
#[derive(Debug)]
pub struct Monitor {
    source: Source,
    missed: u64,
}

#[derive(Debug)]
enum Source {
    Live(broadcast::Receiver<Down>),
    /// It was gone before anybody asked.
    Gone(Option<Down>),
}

impl Monitor {
    pub(crate) fn new(downs: Result<broadcast::Receiver<Down>, Down>) -> Self {
        let source = match downs {
            Ok(downs) => Source::Live(downs),
            Err(down) => Source::Gone(Some(down)),
        };
        Monitor { source, missed: 0 }
    }

    /// The next end, or `None` after the last one of all.
    ///
    /// Works on any thread. Cancel-safe: a dropped call loses nothing.
    pub async fn next(&mut self) -> Option<Down> {
        let downs = match &mut self.source {
            Source::Live(downs) => downs,
            Source::Gone(down) => return down.take(),
        };
        loop {
            match downs.recv().await {
                Ok(down) => return Some(down),
                Err(RecvError::Lagged(count)) => self.missed += count,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// How many ends were lost because this reader was slow.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

/// Hands what a monitor hears to the actor that watches.
pub(crate) struct Watch(BoxStream<'static, Down>);

impl Watch {
    pub(crate) fn new(monitor: Monitor) -> Self {
        let downs = stream::unfold(monitor, async |mut monitor| {
            let down = monitor.next().await?;
            Some((down, monitor))
        });
        Watch(downs.boxed())
    }
}

impl<A> ActorFuture<A> for Watch
where
    A: Actor<Context: Execution<A>> + Handler<Down>,
{
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        actor: &mut A,
        context: &mut A::Context,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        let Some(down) = ready!(self.0.poll_next_unpin(task)) else {
            return Poll::Ready(());
        };
        actor.handle(down, context).handle(context, None);
        // The actor may want to wait, or to stop, before it hears of another.
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
