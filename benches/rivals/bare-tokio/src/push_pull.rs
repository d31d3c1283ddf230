use std::cell::RefCell;
use std::rc::Rc;

use roles::{Arrivals, Failure, Line, Order, stamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::{JoinSet, LocalSet};

use crate::connection::{self, Listener, Stream};

pub(crate) async fn push(order: &Order) -> Result<(), Failure> {
    let mut stream = connection::connected(order).await?;
    let mut payload = vec![0; order.size_bytes];
    for sequence in order.sequences() {
        stamp::write(&mut payload, sequence);
        stream.write_all(&payload).await?;
    }
    stream.shutdown().await?;
    Ok(())
}

pub(crate) async fn pull(order: &Order) -> Result<(), Failure> {
    let listener = Listener::bound(order).await?;
    let arrivals = if order.connections == 1 {
        from_one(order, listener.accepted().await?).await?
    } else {
        LocalSet::new()
            .run_until(from_many(order, &listener))
            .await?
    };
    Line::Throughput(arrivals.finish()?).print();
    Ok(())
}

async fn from_one(order: &Order, mut stream: Box<dyn Stream>) -> Result<Arrivals, Failure> {
    let mut arrivals = Arrivals::new(order);
    let mut payload = vec![0; order.size_bytes];
    while arrivals.incomplete() {
        stream.read_exact(&mut payload).await?;
        arrivals.record(&payload)?;
    }
    Ok(arrivals)
}

/// A task for each connection, on the same thread.
async fn from_many(order: &Order, listener: &Listener) -> Result<Arrivals, Failure> {
    let arrivals = Rc::new(RefCell::new(Arrivals::new(order)));
    let mut tasks: JoinSet<Result<(), String>> = JoinSet::new();
    for _ in 0..order.connections {
        let mut stream = listener.accepted().await?;
        let size_bytes = order.size_bytes;
        let arrivals = arrivals.clone();
        tasks.spawn_local(async move {
            let mut payload = vec![0; size_bytes];
            while arrivals.borrow().incomplete() {
                match stream.read_exact(&mut payload).await {
                    Ok(_) => arrivals.borrow_mut().record(&payload)?,
                    // Its push is done; whether the others are is seen at the end.
                    Err(_) => break,
                }
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    drop(tasks);
    let arrivals = Rc::into_inner(arrivals).ok_or("a task goes on")?;
    Ok(arrivals.into_inner())
}
