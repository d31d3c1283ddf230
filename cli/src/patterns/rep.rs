use treewire::{Content, Node, Rep, RepSocket};

use super::batch::batch;
use super::closing::finish;
use super::reach;
use super::refusals::report_refusals;
use crate::arguments::{Format, RepArguments};
use crate::ending::{Ending, Outcome};
use crate::output::{self, Output};
use crate::patience::Patience;
use crate::session;

/// What a request is answered with; `None` is the request itself.
type Answer = Option<Content>;

pub(crate) fn rep(arguments: RepArguments) -> Outcome {
    let RepArguments {
        endpoints,
        options,
        echo: _,
        reply,
        output: printing,
        count,
    } = arguments;
    let answer: Answer = reply.map(Content::new);
    session::run(
        "rep",
        endpoints.observe.clone(),
        async move |node: &Node| {
            report_refusals(node);
            let rep = options.apply(Rep::new("rep"))?;
            let rep = endpoints.listen.iter().fold(rep, Rep::listen);
            let rep = endpoints.dial.iter().fold(rep, Rep::dial);
            let socket = node.spawn(rep).await?;
            session::announce_listeners(&endpoints.listen, &socket.endpoints());

            let patience = reach::patience(&socket, &endpoints);
            let output = Output::open()?;
            let count = count.unwrap_or(u64::MAX);
            let answered =
                serve(&socket, &output, count, printing.format, &answer, &patience).await;
            let written = output.finish().await;
            finish(&socket, answered.and(written), &patience).await
        },
    )
}

/// Prints `count` requests and answers each once it is written.
async fn serve(
    socket: &RepSocket,
    output: &Output,
    count: u64,
    format: Format,
    answer: &Answer,
    patience: &Patience,
) -> Outcome {
    let mut left = count;
    while left > 0 {
        let next = tokio::select! {
            next = patience.wait_once(socket.recv(), "no request") => next?,
            ending = output.failed() => return Err(ending),
        };
        let Some(first) = next.map_err(Ending::failed)? else {
            return Err(Ending::failed("the socket has closed"));
        };
        let batch = batch(first, left, || socket.try_recv())?;
        left -= batch.len() as u64;
        let mut lines = Vec::new();
        for request in &batch {
            output::append(&mut lines, request.content(), format);
        }
        let answer = answer.clone();
        let reply = move || {
            for request in batch {
                let content = answer.clone();
                let content = content.unwrap_or_else(|| request.content().clone());
                request.reply(content);
            }
        };
        output.write(lines, reply).await?;
    }
    Ok(())
}
