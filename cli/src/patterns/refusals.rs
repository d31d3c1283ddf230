//! Peers that will not have us: said once, since retrying will not help.

use std::collections::HashSet;

use treewire::runtime::{EventKind, Verdict};
use treewire::{Exit, Node};

/// Prints why dialers are refused, each reason once, as long as the node lives.
pub(super) fn report_refusals(node: &Node) {
    let mut events = node.events();
    tokio::spawn(async move {
        let mut told = HashSet::new();
        while let Some(event) = events.next().await {
            if let EventKind::Exited(Exit::Failed(failure)) = event.kind
                && failure.verdict == Verdict::Refused
                && event.path.contains("dialer ")
                && told.insert(failure.text.clone())
            {
                eprintln!("{failure}");
            }
        }
    });
}
