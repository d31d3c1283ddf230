use treewire::{Content, Node, Payload, Pub, PubSocket};

use super::closing::{finish, give_up};
use super::reach;
use super::refusals::report_refusals;
use crate::arguments::PubArguments;
use crate::ending::{Ending, Outcome};
use crate::input::Input;
use crate::patience::Patience;
use crate::progress::Progress;
use crate::session;

pub(crate) fn publish(arguments: PubArguments) -> Outcome {
    let PubArguments {
        endpoints,
        options,
        input,
        topic,
        wait_for,
    } = arguments;
    let mut input = Input::open(input, options.message_bytes_max())?;
    session::run(
        "pub",
        endpoints.observe.clone(),
        async move |node: &Node| {
            report_refusals(node);
            let socket = options.apply(Pub::new("pub"))?;
            let socket = endpoints.listen.iter().fold(socket, Pub::listen);
            let socket = endpoints.dial.iter().fold(socket, Pub::dial);
            let socket = node.spawn(socket).await?;
            session::announce_listeners(&endpoints.listen, &socket.endpoints());

            let patience = reach::patience(&socket, &endpoints);
            let subscribers = || socket.subscribers();
            let lacking = "not enough subscribers";
            patience
                .wait(socket.ready(wait_for), subscribers, lacking)
                .await?;
            let topic = topic.map(Payload::from);
            let sent = send_all(&socket, &mut input, topic, &patience).await;
            let ended = finish(&socket, sent, &patience).await;
            if ended.is_err() {
                give_up(&socket).await;
            }
            ended
        },
    )
}

async fn send_all(
    socket: &PubSocket,
    input: &mut Input,
    topic: Option<Payload>,
    patience: &Patience,
) -> Outcome {
    let mut progress = Progress::new("published", input.is_typed());
    while let Some(message) = input.next().await? {
        let bytes = message.len() as u64;
        let content = match &topic {
            Some(topic) => Content::new(topic.clone()).with_part(message),
            None => Content::new(message),
        };
        let accepted = patience.wait(
            socket.send(content),
            || socket.unflushed(),
            "no room to send",
        );
        accepted.await?.map_err(Ending::failed)?;
        progress.add(1, bytes);
    }
    Ok(())
}
