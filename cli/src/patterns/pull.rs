use treewire::{Node, Pull, PullSocket};

use super::batch::batch;
use super::reach;
use super::refusals::report_refusals;
use crate::arguments::{Format, PullArguments};
use crate::ending::{Ending, Outcome};
use crate::output::{self, Output};
use crate::patience::Patience;
use crate::progress::Progress;
use crate::session;

pub(crate) fn pull(arguments: PullArguments) -> Outcome {
    let PullArguments {
        endpoints,
        options,
        output: printing,
        count,
    } = arguments;
    session::run(
        "pull",
        endpoints.observe.clone(),
        async move |node: &Node| {
            report_refusals(node);
            let pull = options.apply(Pull::new("pull"))?;
            let pull = endpoints.listen.iter().fold(pull, Pull::listen);
            let pull = endpoints.dial.iter().fold(pull, Pull::dial);
            let socket = node.spawn(pull).await?;
            session::announce_listeners(&endpoints.listen, &socket.endpoints());

            let patience = reach::patience(&socket, &endpoints);
            let output = Output::open()?;
            let count = count.unwrap_or(u64::MAX);
            let printed = print(&socket, &output, count, printing.format, &patience).await;
            let written = output.finish().await;
            printed.and(written)
        },
    )
}

/// Prints `count` messages. What is there already is written at once.
async fn print(
    socket: &PullSocket,
    output: &Output,
    count: u64,
    format: Format,
    patience: &Patience,
) -> Outcome {
    let mut progress = Progress::new("received", output::is_terminal());
    let mut left = count;
    while left > 0 {
        let next = tokio::select! {
            next = patience.wait_once(socket.recv(), "nothing received") => next?,
            ending = output.failed() => return Err(ending),
        };
        let Some(first) = next.map_err(Ending::failed)? else {
            return Err(Ending::failed("the socket has closed"));
        };
        let batch = batch(first, left, || socket.try_recv())?;
        left -= batch.len() as u64;
        let mut lines = Vec::new();
        for message in &batch {
            output::append(&mut lines, message, format);
        }
        progress.add(batch.len() as u64, lines.len() as u64);
        // Dropping a message is what confirms it.
        output.write(lines, move || drop(batch)).await?;
    }
    Ok(())
}
