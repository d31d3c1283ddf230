//! `treewire demo`: a small market with live traffic, in which something is killed every few
//! seconds.

mod chaos;
mod chronicle;
mod lines;
mod market;
mod page;
mod paint;
mod performance;
mod show;
mod summary;

use std::time::Duration;

use tokio::time::{sleep, timeout};
use treewire::Node;

use crate::arguments::DemoArguments;
use crate::ending::{Ending, Outcome};
use crate::signals::Signals;
use crate::{logs, session};
use market::Market;
use paint::Paint;
use performance::{Over, Performance};
use show::Show;

/// How long what is under way at the end may take, reconnections included.
const LAST_ONES: Duration = Duration::from_secs(30);

/// Plays the demonstration; fails if its numbers do not add up.
pub(crate) fn play(arguments: DemoArguments, logs_are_on: bool) -> Outcome {
    // Logs would be written across the page.
    let as_page = page::is_possible() && !logs::go_to_terminal(logs_are_on);
    if as_page {
        page::prepare();
    }
    let observe = arguments.observe.clone();
    // The first thread is the audience's.
    let node = Node::builder("market").arbiters(1 + market::THREADS);
    session::run_until_signalled(node, observe, async move |node, signals| {
        perform(node, signals, &arguments, as_page).await
    })
}

async fn perform(
    node: &Node,
    signals: &mut Signals,
    arguments: &DemoArguments,
    as_page: bool,
) -> Outcome {
    let market = tokio::select! {
        market = Market::open(node) => market?,
        signal = signals.next() => return Err(Ending::Interrupted(signal)),
    };
    let show = Show::begin(as_page)?;
    let mut performance = Performance::new(node, &market, signals, show, arguments);
    performance.open().await?;
    let over = performance.until(sleep(arguments.duration)).await?;
    market.close();
    performance.close();
    // What has not arrived by then is told by the summary.
    let settled = async { drop(timeout(LAST_ONES, market.settle()).await) };
    if let Over::Signalled(signal) = performance.until(settled).await? {
        return Err(Ending::Interrupted(signal));
    }
    let (text, faults) = performance.end().await?;
    let heading = Paint::of_standard_output().bold("What became of it");
    lines::print(&format!("{heading}\n\n{text}"))?;
    match over {
        _ if !faults.is_empty() => Err(Ending::Failed(faults.join("; "))),
        Over::Signalled(signal) => Err(Ending::Interrupted(signal)),
        Over::Ended => Ok(()),
    }
}
