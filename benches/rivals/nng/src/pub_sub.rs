use std::sync::{Arc, Mutex};

use nng::options::Options;
use nng::options::protocol::pubsub::Subscribe;
use nng::{Message, Protocol};
use roles::{Deliveries, Failure, FanOut, Line, stamp};

use crate::chain::{Chain, Step};
use crate::credit::{Allowance, Grant};
use crate::socket::{self, Peers};

pub(crate) fn publish(fan_out: &FanOut) -> Result<(), Failure> {
    let FanOut { order, subscribers } = fan_out;
    let socket = socket::queueing(Protocol::Pub0, order)?;
    let peers = Peers::of(&socket)?;
    let endpoint = socket::listen(&socket, order)?;
    let mut allowance = Allowance::listen(fan_out, &endpoint)?;
    Line::Listening(endpoint).print();
    peers.come(*subscribers);
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        allowance.wait(sequence)?;
        stamp::write(&mut payload, sequence);
        let message = Message::from(payload.as_slice());
        socket.send(message).map_err(|(_, error)| error)?;
    }
    peers.go(*subscribers);
    Ok(())
}

pub(crate) fn subscribe(fan_out: &FanOut) -> Result<(), Failure> {
    let account = Arc::new(Mutex::new((
        Deliveries::new(fan_out),
        Grant::dial(fan_out)?,
    )));
    let mut chains = Vec::with_capacity(fan_out.subscribers);
    for subscriber in 0..fan_out.subscribers {
        let socket = socket::queueing(Protocol::Sub0, &fan_out.order)?;
        socket.set_opt::<Subscribe>(Vec::new())?;
        let account = account.clone();
        let chain = Chain::start(&socket, Step::Receive, move |message| {
            let mut account = account.lock().map_err(|error| error.to_string())?;
            let (deliveries, grant) = &mut *account;
            let is_behind = deliveries.record(subscriber, &message.unwrap_or_default())?;
            grant.has(deliveries.received(subscriber))?;
            Ok(match is_behind {
                true => Step::Receive,
                false => Step::Done(None),
            })
        })?;
        socket.dial(&fan_out.order.endpoint)?;
        chains.push((chain, socket));
    }
    for (chain, _) in chains {
        chain.end()?;
    }
    let account = account.lock().map_err(|error| error.to_string())?;
    Line::Throughput(account.0.finish()?).print();
    Ok(())
}
