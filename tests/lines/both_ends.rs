//! Treewire at both ends, over every kind of link.

use std::future::IntoFuture;

use futures_util::future::join_all;
use treewire::prelude::*;
use treewire::{RequestError, Sender, Socket};

use crate::support::*;

macro_rules! over_lines {
    ($($test:ident)*) => {
        over_lines!(@ tcp "lines+tcp://127.0.0.1:0" $($test)*);
        #[cfg(unix)]
        over_lines!(@ ipc "lines+ipc:///tmp/treewire-lines-{}.sock" $($test)*);
        over_lines!(@ inproc "lines+inproc://here" $($test)*);
    };
    (@ $transport:ident $listen:literal $($test:ident)*) => {
        mod $transport {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(&$crate::support::numbered($listen)).await;
                }
            )*
        }
    };
}

over_lines! {
    lines_arrive_in_order_and_a_close_is_flushed
    requests_in_parallel_get_their_own_answers
    who_is_away_is_waited_for_and_comes_back
    composed_sockets_speak_both_ways
}

async fn lines_arrive_in_order_and_a_close_is_flushed(listen: &str) {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull").listen(listen)).await.unwrap();
    let push = Push::new("push").dial(address(&pull));
    let push = node.spawn(push).await.unwrap();
    let sending = tokio::spawn(async move {
        for number in 0..5_000 {
            push.send(format!("{number:0>width$}", width = number % 50))
                .await
                .unwrap();
        }
        push.close(WATCHDOG).await
    });
    for number in 0..5_000 {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        let expected = format!("{number:0>width$}", width = number % 50);
        assert_eq!(*message.payload(), &*expected);
    }
    assert_eq!(in_time(sending).await.unwrap(), Closed::Flushed);
    stop(node).await;
}

async fn requests_in_parallel_get_their_own_answers(listen: &str) {
    let node = node().await;
    let rep = node.spawn(Rep::new("rep").listen(listen)).await.unwrap();
    let place = address(&rep);
    tokio::spawn(async move {
        // Pairs are answered the other way round.
        while let Some(first) = rep.recv().await.unwrap() {
            let second = rep.recv().await.unwrap().unwrap();
            second.fail("odd");
            let content = first.content().clone();
            first.reply(content);
        }
    });
    let req = node.spawn(Req::new("req").dial(place)).await.unwrap();
    let asking = (0..200).map(|number| in_time(req.request(number.to_string()).into_future()));
    for (number, answer) in join_all(asking).await.into_iter().enumerate() {
        match answer {
            Ok(content) => {
                assert_eq!(
                    (number % 2, &**content.first()),
                    (0, number.to_string().as_bytes())
                );
            }
            Err(RequestError::Failed(failure)) => {
                assert_eq!((number % 2, &*failure.text), (1, "odd"));
            }
            Err(other) => panic!("{number}: {other}"),
        }
    }
    stop(node).await;
}

async fn who_is_away_is_waited_for_and_comes_back(listen: &str) {
    let place = address_for_later(listen);
    let node = node().await;
    let push = node.spawn(Push::new("push").dial(&place)).await.unwrap();
    for round in 0..3 {
        let text = format!("round {round}");
        in_time(push.send(&*text)).await.unwrap();
        let pull = Pull::new(format!("pull {round}")).listen(&place);
        let pull = node.spawn(pull).await.unwrap();
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), &*text);
        drop(message);
        let _ = in_time(pull.close(WATCHDOG)).await;
        until("the push noticed", || push.peers() == 0).await;
    }
    stop(node).await;
}

async fn composed_sockets_speak_both_ways(listen: &str) {
    let node = node().await;
    let room = Socket::new("room", "chat").sender(Sender::All);
    let room = node.spawn(room.listen(listen)).await.unwrap();
    let mut guests = Vec::new();
    for name in ["ann", "ben"] {
        let guest = Socket::new(name, "chat").dial(address(&room));
        guests.push(node.spawn(guest).await.unwrap());
    }
    in_time(room.ready(2)).await;
    in_time(guests[0].send("hello")).await.unwrap();
    let message = in_time(room.recv()).await.unwrap().unwrap();
    in_time(room.send(message.into_content())).await.unwrap();
    for guest in &guests {
        let message = in_time(guest.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), "hello");
    }
    stop(node).await;
}
