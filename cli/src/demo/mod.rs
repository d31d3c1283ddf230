//! `treewire demo`: a small market with live traffic and injected failures.

mod market;
mod quotes;
mod stage;
mod summary;
mod tally;
mod trader;

use std::time::Duration;

use tokio::time::Instant;
use treewire::Node;

use crate::arguments::DemoArguments;
use crate::ending::{Ending, Outcome};
use crate::session;
use market::Market;
use stage::Stage;

/// Plays the demonstration; fails if its numbers do not add up.
pub(crate) fn play(arguments: &DemoArguments) -> Outcome {
    let duration = arguments.duration;
    session::run(
        "market",
        arguments.observe.clone(),
        async move |node: &Node| perform(node, duration).await,
    )
}

async fn perform(node: &Node, duration: Duration) -> Outcome {
    let stage = Stage::new();
    let begun = Instant::now();
    let eighth = |part: u32| begun + duration * part / 8;
    let market = Market::open(node).await?;
    stage.title("A service and three traders, over tcp, in one supervised tree")?;
    let mut narration = stage.narrate(node.events());

    narration.until(eighth(1)).await?;
    stage.tree("before", &node.snapshot().await?)?;
    stage.heading("Things go wrong")?;

    narration.until(eighth(2)).await?;
    let connection = market.a_connection(node).await?;
    stage.act(&format!("kill {connection}"))?;
    node.kill(&connection).await?;

    narration.until(eighth(4)).await?;
    stage.act("kill quotes")?;
    node.kill("quotes").await?;
    narration.until_back("quotes").await?;
    stage.tree("during", &node.snapshot().await?)?;

    narration.until(eighth(6)).await?;
    stage.act("ask for a quote that makes the service panic")?;
    market.ask_for_poison().await?;

    narration.until(eighth(8)).await?;
    let tally = market.close().await?;
    let tree = node.snapshot().await?;
    stage.tree("after", &tree)?;
    stage.heading("What became of it")?;
    stage.print(&summary::summary(&tally, &tree))?;
    if tally.adds_up() {
        Ok(())
    } else {
        Err(Ending::failed("the numbers do not add up"))
    }
}
