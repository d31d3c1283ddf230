use roles::{Deliveries, Failure, FanOut, Line, stamp};
use zmq::{DONTWAIT, Error, Message, POLLIN, SUB, XPUB};

use crate::socket;

pub(crate) fn publish(fan_out: &FanOut) -> Result<(), Failure> {
    let FanOut { order, subscribers } = fan_out;
    // It hears of subscriptions, of those that somebody else has made, too.
    let mut socket = socket::bounded(XPUB, order)?;
    socket.set_xpub_verbose(true)?;
    socket::wait_for_room(&mut socket)?;
    socket::listen(&socket, order)?;
    let mut subscription = Message::new();
    for _ in 0..*subscribers {
        socket.recv(&mut subscription, 0)?;
    }
    let mut payload = vec![0; order.size_bytes];
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        socket.send(payload.as_slice(), 0)?;
    }
    Ok(())
}

pub(crate) fn subscribe(fan_out: &FanOut) -> Result<(), Failure> {
    let mut sockets = Vec::with_capacity(fan_out.subscribers);
    for _ in 0..fan_out.subscribers {
        let socket = socket::bounded(SUB, &fan_out.order)?;
        socket.set_subscribe(b"")?;
        socket.connect(&fan_out.order.endpoint)?;
        sockets.push(socket);
    }
    let mut deliveries = Deliveries::new(fan_out);
    let mut items: Vec<_> = sockets
        .iter()
        .map(|socket| socket.as_poll_item(POLLIN))
        .collect();
    let mut message = Message::new();
    while deliveries.incomplete() {
        zmq::poll(&mut items, -1)?;
        for (subscriber, socket) in sockets.iter().enumerate() {
            if !items[subscriber].is_readable() {
                continue;
            }
            loop {
                match socket.recv(&mut message, DONTWAIT) {
                    Ok(()) => deliveries.record(subscriber, &message)?,
                    Err(Error::EAGAIN) => break,
                    Err(error) => return Err(error.into()),
                };
            }
        }
    }
    Line::Throughput(deliveries.finish()?).print();
    Ok(())
}
