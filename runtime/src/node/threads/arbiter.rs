//! The threads behind arbiters: our own, and the caller's.

use actix_rt::System;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use super::cores::Core;
use super::{refusal, runtime};
use crate::exit::Failure;
use crate::node::NodeError;
use crate::node::arbiters::{Start, serve};
use crate::node::ground::Post;

/// Serves an arbiter from a thread with an actix system of its own, so that it
/// can be given up without the others noticing. Ends when it is given up, or when
/// an actor stops that system, and everything that runs there with it.
pub(super) fn serve_here(post: Post, core: Option<Core>) {
    // Told last: by then each child that ran here has reported its own exit.
    let _lost = post.lost;
    if let Some(core) = core {
        core.pin_this_thread();
    }
    match runtime() {
        Ok(runtime) => {
            let (runtime, stopped) = System::with_tokio_rt(|| runtime).into_parts();
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    _ = stopped => {}
                    () = serve(post.starts) => {}
                }
            });
        }
        Err(error) => refuse_all(post.starts, &refusal(&post.name, &error)),
    }
}

fn refuse_all(mut starts: UnboundedReceiver<Start>, error: &NodeError) {
    starts.close();
    while let Ok(start) = starts.try_recv() {
        start.refuse(Failure::new(error.to_string()));
    }
}

/// Serves an arbiter from the caller's thread, which outlives the node or ends
/// before it.
pub(super) async fn borrow(post: Post) {
    let (_serving, ended) = oneshot::channel::<()>();
    // The runtime drops its own tasks after those of the local set in which
    // actors run, so that here, too, the children's own exits come first.
    tokio::spawn(async move {
        let _lost = post.lost;
        // It ends by being dropped.
        let _ = ended.await;
    });
    serve(post.starts).await;
}
