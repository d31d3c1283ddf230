//! `treewire demo`: a small market with live traffic, in which something is killed every few
//! seconds.

mod chaos;
mod chronicle;
mod lines;
mod market;
mod paint;
mod summary;

use std::pin::pin;
use std::time::Duration;

use tokio::time::{interval, sleep, timeout};
use treewire::Node;

use crate::arguments::DemoArguments;
use crate::ending::{Ending, Outcome};
use crate::session;
use crate::signals::Signals;
use chaos::Chaos;
use chronicle::{Chronicle, Mark};
use lines::Lines;
use market::Market;
use paint::Paint;
use summary::Summary;

/// How often what is shown is looked at.
const EVERY: Duration = Duration::from_millis(250);

/// How long what is under way at the end may take, reconnections included.
const LAST_ONES: Duration = Duration::from_secs(30);

/// Plays the demonstration; fails if its numbers do not add up.
pub(crate) fn play(arguments: DemoArguments) -> Outcome {
    let observe = arguments.observe.clone();
    session::run_until_signalled("market", observe, async move |node, signals| {
        perform(node, signals, &arguments).await
    })
}

async fn perform(node: &Node, signals: &mut Signals, arguments: &DemoArguments) -> Outcome {
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let mut end = pin!(sleep(arguments.duration));
    let market = Market::open(node).await?;
    let mut events = node.events();
    let mut chronicle = Chronicle::new();
    let mut chaos = Chaos::new(seed, arguments.chaos.0);
    let mut show = Lines::new(Paint::of_standard_output());
    show.heading("A price service with its clients and an order pipeline, in one supervised tree")?;
    let plan = match arguments.chaos.0 {
        Some(every) => format!(
            "something is killed every {}, seed {seed}",
            humantime::format_duration(every)
        ),
        None => "nothing is killed".to_owned(),
    };
    show.tree("before", &node.snapshot().await?)?;
    show.entry(chronicle.add(Mark::Note, plan))?;
    let mut looks = interval(EVERY);
    let mut signalled = None;
    loop {
        tokio::select! {
            biased;
            () = &mut end => break,
            signal = signals.next() => {
                signalled = Some(signal);
                break;
            }
            event = events.next() => {
                let event = event.ok_or_else(|| Ending::failed("the market has ended"))?;
                if let Some(entry) = chronicle.tell(&event, |text| market.shortened(text)) {
                    show.entry(entry)?;
                }
            }
            () = chaos.wait() => {
                if let Some(text) = chaos.strike(node, &market).await {
                    show.entry(chronicle.add(Mark::Harm, market.shortened(&text)))?;
                }
            }
            _ = looks.tick() => show.progress(chronicle.age(), &market.totals())?,
        }
    }
    market.close();
    tokio::select! {
        // What is missing then is in the summary.
        _ = timeout(LAST_ONES, market.settle()) => {}
        signal = signals.next() => return Err(Ending::Interrupted(signal)),
    }
    let tree = node.snapshot().await?;
    show.tree("after", &tree)?;
    let totals = market.totals();
    let summary = Summary {
        totals: &totals,
        harm: chaos.done(),
        restarts: tree.restarts,
    };
    show.heading("What became of it")?;
    lines::print(&format!("\n{}", summary.text()))?;
    let faults = summary.faults();
    match signalled {
        _ if !faults.is_empty() => Err(Ending::Failed(faults.join("; "))),
        Some(signal) => Err(Ending::Interrupted(signal)),
        None => Ok(()),
    }
}
