//! The node of one command: started before its work, stopped in order after it.

use treewire::{Endpoint, Node, NodeBuilder, Observe};
use treewire_observer::Address;

use crate::ending::{Ending, Outcome};
use crate::signals::Signals;

/// Does `work` with a node; a signal ends the work, and then the node.
pub(crate) fn run(
    name: &'static str,
    observe: Option<String>,
    work: impl AsyncFnOnce(&Node) -> Outcome + 'static,
) -> Outcome {
    run_until_signalled(Node::builder(name), observe, async move |node, signals| {
        tokio::select! {
            outcome = work(node) => outcome,
            signal = signals.next() => Err(Ending::Interrupted(signal)),
        }
    })
}

/// The same with any node, for work that hears the signals itself and ends in its own order.
pub(crate) fn run_until_signalled(
    mut builder: NodeBuilder,
    observe: Option<String>,
    work: impl AsyncFnOnce(&Node, &mut Signals) -> Outcome + 'static,
) -> Outcome {
    treewire::run(async move {
        let mut signals = Signals::catch().map_err(Ending::failed)?;
        if let Some(url) = &observe {
            builder = builder.observe(url);
        }
        let node = builder.start().await?;
        if let Some(url) = &observe {
            announce_observer(&node, url).await?;
        }
        let outcome = work(&node, &mut signals).await;
        tokio::select! {
            stopped = node.stop() => outcome.and(stopped.map_err(Ending::from)),
            signal = signals.next() => Err(Ending::Interrupted(signal)),
        }
    })
}

/// Says where the listeners are bound, for those that were asked for a free port.
pub(crate) fn announce_listeners(asked: &[String], bound: &[Endpoint]) {
    for (asked, bound) in asked.iter().zip(bound) {
        let bound = bound.to_string();
        if *asked != bound {
            eprintln!("listening at {bound}");
        }
    }
}

async fn announce_observer(node: &Node, url: &str) -> Outcome {
    let snapshot = node.snapshot().await?;
    let observer = snapshot.find("observer");
    let bound = observer.and_then(|child| child.details.get("endpoint"));
    let asked = url.parse::<Address>().map_err(Ending::failed)?;
    if let Some(bound) = bound
        && asked.socket().port() == 0
    {
        eprintln!("observer at {bound}");
    }
    Ok(())
}
