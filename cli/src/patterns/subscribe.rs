use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use treewire::{
    Message, Node, SocketEvent, SocketEvents, StreamId, StreamPosition, Sub, SubSocket,
};

use super::batch::batch;
use super::reach;
use super::refusals::report_refusals;
use crate::arguments::{Format, SubArguments};
use crate::ending::{Ending, Outcome};
use crate::output::{self, Output};
use crate::patience::Patience;
use crate::progress::Progress;
use crate::session;

pub(crate) fn subscribe(arguments: SubArguments) -> Outcome {
    let SubArguments {
        endpoints,
        options,
        output: printing,
        topic,
        pattern,
        since,
        count,
    } = arguments;
    session::run(
        "sub",
        endpoints.observe.clone(),
        async move |node: &Node| {
            report_refusals(node);
            let socket = options.apply(Sub::new("sub"))?;
            let socket = match topic.is_empty() && pattern.is_empty() {
                true => socket.subscribe_prefix(""),
                false => socket,
            };
            let socket = topic.iter().fold(socket, Sub::subscribe_prefix);
            let socket = pattern
                .iter()
                .fold(socket, |socket, tokens| socket.subscribe(tokens));
            let socket = endpoints.listen.iter().fold(socket, Sub::listen);
            let socket = endpoints.dial.iter().fold(socket, Sub::dial);
            let socket = node.spawn(socket.resume_from(since)).await?;
            session::announce_listeners(&endpoints.listen, &socket.endpoints());
            let missed = Arc::new(AtomicU64::new(0));
            tokio::spawn(tell(socket.events(), missed.clone()));

            let output = Output::open()?;
            let mut printed = Printed {
                format: printing.format,
                patience: reach::patience(&socket, &endpoints),
                left: count.unwrap_or(u64::MAX),
                positions: Positions::default(),
            };
            let ended = printed.print(&socket, &output).await;
            let written = output.finish().await;
            ended.and(written)?;
            match missed.load(Ordering::Relaxed) {
                0 => Ok(()),
                count => Err(Ending::Failed(format!("{count} messages may be missed"))),
            }
        },
    )
}

/// Says what does not come.
async fn tell(mut events: SocketEvents, missed: Arc<AtomicU64>) {
    while let Some(event) = events.next().await {
        match event {
            SocketEvent::Missed { stream, from, to } => {
                missed.fetch_add(to - from + 1, Ordering::Relaxed);
                eprintln!("missed {from} to {to} of {stream}");
            }
            SocketEvent::SubscriptionRefused {
                peer,
                pattern,
                reason,
                ..
            } => eprintln!("{peer} refused {pattern}: {reason}"),
            _ => {}
        }
    }
}

struct Printed {
    format: Format,
    patience: Patience,
    left: u64,
    positions: Positions,
}

/// How far each stream was printed; told at the end, whatever that is.
#[derive(Clone, Default)]
struct Positions(Arc<Mutex<BTreeMap<StreamId, u64>>>);

impl Positions {
    fn printed(&self, messages: &[Message]) {
        let mut positions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for StreamPosition { stream, sequence } in messages.iter().filter_map(Message::position) {
            positions.insert(stream, sequence);
        }
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        let positions = self.positions.0.lock();
        for (&stream, &sequence) in &*positions.unwrap_or_else(PoisonError::into_inner) {
            eprintln!("position {}", StreamPosition { stream, sequence });
        }
    }
}

impl Printed {
    /// Prints what comes. What is there already is written at once.
    async fn print(&mut self, socket: &SubSocket, output: &Output) -> Outcome {
        let mut progress = Progress::new("received", output::is_terminal());
        while self.left > 0 {
            let next = tokio::select! {
                next = self.patience.wait_once(socket.recv(), "nothing received") => next?,
                ending = output.failed() => return Err(ending),
            };
            let Some(first) = next.map_err(Ending::failed)? else {
                return Err(Ending::failed("the socket has closed"));
            };
            let batch = batch(first, self.left, || socket.try_recv())?;
            self.left -= batch.len() as u64;
            let mut lines = Vec::new();
            for message in &batch {
                output::append(&mut lines, message, self.format);
            }
            progress.add(batch.len() as u64, lines.len() as u64);
            let positions = self.positions.clone();
            let covers = move || positions.printed(&batch);
            output.write(lines, covers).await?;
        }
        Ok(())
    }
}
