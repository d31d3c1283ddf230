use std::future::{Future, IntoFuture};

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use treewire::{Content, Node, Req, ReqSocket, RequestError};

use super::reach;
use super::refusals::report_refusals;
use crate::arguments::{Format, ReqArguments};
use crate::ending::{Ending, Outcome};
use crate::input::Input;
use crate::output::{self, Output};
use crate::patience::Patience;
use crate::progress::Progress;
use crate::session;

/// How many requests are under way at a time.
const UNDER_WAY_MAX: usize = 256;

pub(crate) fn req(arguments: ReqArguments) -> Outcome {
    let ReqArguments {
        endpoints,
        options,
        input,
        output: printing,
    } = arguments;
    let mut input = Input::open(input, options.message_bytes_max())?;
    session::run(
        "req",
        endpoints.observe.clone(),
        async move |node: &Node| {
            report_refusals(node);
            let req = options.apply(Req::new("req"))?;
            let req = endpoints.listen.iter().fold(req, Req::listen);
            let req = endpoints.dial.iter().fold(req, Req::dial);
            let socket = node.spawn(req).await?;
            session::announce_listeners(&endpoints.listen, &socket.endpoints());

            let patience = reach::patience(&socket, &endpoints);
            let output = Output::open()?;
            let asked = ask_all(&socket, &mut input, &output, printing.format, &patience).await;
            let written = output.finish().await;
            asked.and(written)
        },
    )
}

/// Asks until the end of the input and prints the replies in the order of the
/// requests. One that fails does not keep the others from being answered.
async fn ask_all(
    socket: &ReqSocket,
    input: &mut Input,
    output: &Output,
    format: Format,
    patience: &Patience,
) -> Outcome {
    let quiet = output::is_terminal() || input.is_typed();
    let mut progress = Progress::new("answered", quiet);
    let mut under_way = FuturesOrdered::new();
    let (mut answered, mut failed, mut input_ended) = (0_u64, 0_u64, false);
    while !(input_ended && under_way.is_empty()) {
        tokio::select! {
            biased;
            ending = output.failed() => return Err(ending),
            reply = next_reply(&mut under_way, patience), if !under_way.is_empty() => {
                answered += 1;
                match reply? {
                    Ok(reply) => {
                        let mut line = Vec::new();
                        output::append(&mut line, &reply, format);
                        progress.add(1, line.len() as u64);
                        output.write(line, || ()).await?;
                    }
                    Err(error) => {
                        failed += 1;
                        eprintln!("request {answered} was not answered: {error}");
                    }
                }
            }
            next = input.next(), if !input_ended && under_way.len() < UNDER_WAY_MAX => {
                match next? {
                    Some(request) => {
                        let ask = socket.request(request).idempotent();
                        under_way.push_back(ask.into_future());
                    }
                    None => input_ended = true,
                }
            }
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(Ending::Failed(format!(
            "{failed} of {answered} requests were not answered"
        ))),
    }
}

async fn next_reply<F>(
    under_way: &mut FuturesOrdered<F>,
    patience: &Patience,
) -> Result<Result<Content, RequestError>, Ending>
where
    F: Future<Output = Result<Content, RequestError>>,
{
    let reply = patience.wait_once(under_way.next(), "no reply").await?;
    // It is asked only while there are some.
    Ok(reply.unwrap_or(Err(RequestError::Closed)))
}
