//! Requests and their replies.

use super::*;

#[test]
fn a_request_is_answered_by_the_peer_that_was_asked_and_its_reply_path() {
    let mut asker = core(config(SocketType::REQ));
    let mut server = core(config(SocketType::REP));
    let to_server = attach(&mut asker, None, 10);
    let to_asker = attach(&mut server, None, 10);
    let (sender, mut answer) = oneshot::channel();
    asker.request(content("question"), false, sender).unwrap();

    let mut batch = Vec::new();
    asker.take_sendable(&to_server, u64::MAX, &mut batch, |_| false);
    server.accept(&to_asker, batch.drain(..).map(|queued| queued.envelope));
    let question = server.next_message().unwrap();
    let correlation = question.correlation();
    let (_, receipt) = question.into_split();
    server.reply(Ok(content("answer")), correlation, receipt);
    assert!(
        !to_asker.owes_credit(),
        "a request is handled when its reply leaves"
    );
    server.take_sendable(&to_asker, u64::MAX, &mut batch, |_| false);
    asker.accept(&to_server, batch.drain(..).map(|queued| queued.envelope));
    assert!(to_asker.owes_credit());
    asker.take_leftovers().finish();
    assert_eq!(answer.try_recv().unwrap(), Answer::Reply(content("answer")));
}

#[test]
fn distributed_05_requests_of_a_peer_that_went_fail_or_go_elsewhere() {
    let mut core = core(config(SocketType::REQ));
    let first = attach(&mut core, None, 10);
    let ask = |core: &mut Core, idempotent| {
        let (sender, answer) = oneshot::channel();
        core.request(content("q"), idempotent, sender).unwrap();
        answer
    };
    let mut plain = ask(&mut core, false);
    let mut idempotent = ask(&mut core, true);
    assert_eq!(sendable(&mut core, &first).len(), 2);
    let mut unsent = ask(&mut core, false);
    core.detach(&first, LOST);
    core.take_leftovers().finish();
    assert_eq!(plain.try_recv().unwrap(), Answer::PeerGone);
    assert!(
        idempotent.try_recv().is_err() && unsent.try_recv().is_err(),
        "both wait"
    );
    let second = attach(&mut core, None, 10);
    assert_eq!(sendable(&mut core, &second).len(), 2);
}

#[test]
fn a_cancelled_request_is_not_sent_and_a_sent_one_is_taken_back() {
    let mut core = core(config(SocketType::REQ));
    let inlet = attach(&mut core, None, 10);
    let (sender, _answer) = oneshot::channel();
    let queued = core.request(content("never sent"), false, sender).unwrap();
    core.cancel_request(queued);
    assert!(sendable(&mut core, &inlet).is_empty());
    assert_eq!(core.unflushed(), 0, "it does not count as sent");
    let (sender, _answer) = oneshot::channel();
    let sent = core.request(content("sent"), false, sender).unwrap();
    assert_eq!(sendable(&mut core, &inlet), ["sent"]);
    core.cancel_request(sent);
    let mut batch = Vec::new();
    core.take_sendable(&inlet, u64::MAX, &mut batch, |_| false);
    assert_eq!(batch[0].envelope, Envelope::cancel(sent));
}

#[test]
fn a_reply_too_large_for_its_asker_uses_up_the_credit_of_its_failure_only() {
    let mut core = core(config(SocketType::REP));
    let inlet = attach(&mut core, None, 10);
    let allowed = Credit {
        handled: 0,
        messages_max: 10,
        bytes_max: 100,
    };
    core.pipe(inlet.pipe())
        .unwrap()
        .credit(allowed, &mut FateNews::default());
    let mut batch = Vec::new();
    for correlation in 1..=3 {
        let request = Envelope::new(content("q")).correlated(correlation);
        core.accept(&inlet, std::iter::once(request));
        let (_, receipt) = core.next_message().unwrap().into_split();
        core.reply(Ok(Content::from(vec![0; 900])), correlation, receipt);
        core.take_sendable(&inlet, u64::MAX, &mut batch, |_| false);
        let reply = batch.pop().expect("earlier replies took no credit");
        let error = treewire_transports::Unsendable::TooLarge {
            bytes: 900,
            limit: 10,
        };
        let failure = core.unsendable(&inlet, reply, 0, &error).unwrap();
        assert_eq!(failure.correlation, correlation);
        let told = Credit {
            bytes_max: 100 + correlation * failure.content.byte_len() as u64,
            ..allowed
        };
        core.pipe(inlet.pipe())
            .unwrap()
            .credit(told, &mut FateNews::default());
    }
}
