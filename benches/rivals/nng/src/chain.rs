use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use nng::{Aio, AioResult, Message, Socket};
use roles::{Failure, Line};

/// What a socket is to do next.
pub(crate) enum Step {
    Receive,
    Send(Message),
    /// The role is played to its end, with this to say.
    Done(Option<Line>),
}

/// A socket that goes from step to step on NNG's own threads: waking a thread of ours for each would be most of the work.
pub(crate) struct Chain {
    end: Receiver<Result<Option<Line>, String>>,
    /// Going away it would be cancelled.
    _operation: Aio,
}

impl Chain {
    /// Starts. `next` is given what was received, or nothing when a message was sent.
    pub(crate) fn start(
        socket: &Socket,
        first: Step,
        next: impl FnMut(Option<Message>) -> Result<Step, String> + Send + 'static,
    ) -> Result<Self, Failure> {
        let (done, end) = channel();
        let next = Mutex::new(next);
        let chained = socket.clone();
        let each = done.clone();
        let operation = Aio::new(move |operation, result| {
            let step = match result {
                AioResult::Send(Ok(())) => advance(&next, None),
                AioResult::Recv(Ok(message)) => advance(&next, Some(message)),
                AioResult::Send(Err((_, error))) | AioResult::Recv(Err(error)) => {
                    Err(error.to_string())
                }
                AioResult::Sleep(_) => Err("nobody asked for a sleep".to_owned()),
            };
            begin(&chained, &operation, step, &each);
        })?;
        begin(socket, &operation, Ok(first), &done);
        Ok(Chain {
            end,
            _operation: operation,
        })
    }

    /// Waits for its last step, and what that has to say.
    pub(crate) fn end(self) -> Result<Option<Line>, Failure> {
        Ok(self.end.recv()??)
    }
}

fn advance(
    next: &Mutex<impl FnMut(Option<Message>) -> Result<Step, String>>,
    message: Option<Message>,
) -> Result<Step, String> {
    let mut next = next.lock().map_err(|error| error.to_string())?;
    next(message)
}

fn begin(
    socket: &Socket,
    operation: &Aio,
    step: Result<Step, String>,
    done: &Sender<Result<Option<Line>, String>>,
) {
    let begun = match step {
        Ok(Step::Receive) => socket.recv_async(operation),
        Ok(Step::Send(message)) => socket
            .send_async(operation, message)
            .map_err(|(_, error)| error),
        Ok(Step::Done(line)) => return tell(done, Ok(line)),
        Err(error) => return tell(done, Err(error)),
    };
    if let Err(error) = begun {
        tell(done, Err(error.to_string()));
    }
}

fn tell(done: &Sender<Result<Option<Line>, String>>, end: Result<Option<Line>, String>) {
    // Nobody listens any more only after the first end.
    let _ = done.send(end);
}
