use treewire::{Node, Push, PushSocket};

use super::closing::{finish, give_up, lost_text};
use super::reach;
use super::refusals::report_refusals;
use crate::arguments::PushArguments;
use crate::ending::{Ending, Outcome};
use crate::input::Input;
use crate::patience::Patience;
use crate::progress::Progress;
use crate::session;

pub(crate) fn push(arguments: PushArguments) -> Outcome {
    let PushArguments {
        endpoints,
        options,
        input,
    } = arguments;
    let mut input = Input::open(input, options.message_bytes_max())?;
    session::run(
        "push",
        endpoints.observe.clone(),
        async move |node: &Node| {
            report_refusals(node);
            let push = options.apply(Push::new("push"))?;
            let push = endpoints.listen.iter().fold(push, Push::listen);
            let push = endpoints.dial.iter().fold(push, Push::dial);
            let socket = node.spawn(push).await?;
            session::announce_listeners(&endpoints.listen, &socket.endpoints());
            let peer = socket.clone();
            let met_a_peer = tokio::spawn(async move { peer.ready(1).await });

            let patience = reach::patience(&socket, &endpoints);
            let sent = send_all(&socket, &mut input, &patience).await;
            let Err(ending) = finish(&socket, sent, &patience).await else {
                return Ok(());
            };
            // The end of the socket ends the wait for a peer, too.
            let met_a_peer = met_a_peer.is_finished();
            let lost = give_up(&socket).await;
            Err(ended_early(ending, lost, met_a_peer))
        },
    )
}

async fn send_all(socket: &PushSocket, input: &mut Input, patience: &Patience) -> Outcome {
    let mut progress = Progress::new("sent", input.is_typed());
    while let Some(message) = input.next().await? {
        let bytes = message.len() as u64;
        let accepted = patience.wait(
            socket.send(message),
            || socket.unflushed(),
            "no room to send",
        );
        accepted.await?.map_err(Ending::failed)?;
        progress.add(1, bytes);
    }
    Ok(())
}

/// Out of time with a peer and messages it did not confirm is a failure; without
/// ever a peer it is just that.
fn ended_early(ending: Ending, lost: u64, met_a_peer: bool) -> Ending {
    match ending {
        Ending::TimedOut { after, .. } if !met_a_peer => Ending::TimedOut {
            after,
            lacking: "no peer".into(),
        },
        Ending::TimedOut { .. } if lost > 0 => {
            Ending::Failed(format!("{ending}: {}", lost_text(lost)))
        }
        other => other,
    }
}
