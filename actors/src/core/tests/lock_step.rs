//! Requests of a socket that asks one thing at a time.

use treewire_transports::Kind;

use super::*;
use crate::pattern::LockStep;
fn req(lock_step: LockStep) -> Core {
    core(SocketOptions {
        lock_step,
        ..config(SocketType::REQ)
    })
}

fn ask(core: &mut Core, text: &str) -> Result<oneshot::Receiver<Answer>, Reason> {
    let (sender, answer) = oneshot::channel();
    let asked = core.request(content(text), false, sender);
    core.take_leftovers().finish();
    match asked {
        Ok(_) => Ok(answer),
        Err((blocked, _)) => Err(blocked.reason),
    }
}

/// What a connection would send now: kind, correlation and text.
fn leaving(core: &mut Core, inlet: &Arc<Inlet>) -> Vec<(Kind, u64, String)> {
    let mut batch = Vec::new();
    core.take_sendable(inlet, u64::MAX, &mut batch, |_| false);
    let envelopes = batch.into_iter().map(|queued| queued.envelope);
    envelopes
        .map(|envelope| (envelope.kind, envelope.correlation, text(&envelope.content)))
        .collect()
}

fn answer(core: &mut Core, inlet: &Arc<Inlet>, correlation: u64, text: &str) {
    let envelope = Envelope::new(content(text)).correlated(correlation);
    core.accept(inlet, [envelope].into_iter());
    core.take_leftovers().finish();
}

#[test]
fn zeromq_01_strict_refuses_a_second_request_until_the_first_is_done() {
    let mut core = req(LockStep::Strict);
    let inlet = attach(&mut core, None, 10);
    let mut first = ask(&mut core, "1").unwrap();
    assert_eq!(ask(&mut core, "2").unwrap_err(), Reason::OutOfStep);
    let sent = leaving(&mut core, &inlet);
    assert_eq!(ask(&mut core, "2").unwrap_err(), Reason::OutOfStep);
    answer(&mut core, &inlet, sent[0].1, "one");
    assert_eq!(first.try_recv().unwrap(), Answer::Reply(content("one")));
    ask(&mut core, "2").unwrap();
    let sent = leaving(&mut core, &inlet);
    core.cancel_request(sent[0].1);
    ask(&mut core, "3").unwrap();
}

#[test]
fn zeromq_08_relaxed_cancels_the_first_request_and_drops_its_answer() {
    let mut core = req(LockStep::Relaxed);
    let inlet = attach(&mut core, None, 10);
    let mut unsent = ask(&mut core, "never leaves").unwrap();
    let mut first = ask(&mut core, "first").unwrap();
    assert_eq!(unsent.try_recv().unwrap(), Answer::Superseded);
    let sent = leaving(&mut core, &inlet);
    assert_eq!(sent.len(), 1, "{sent:?}");
    let mut second = ask(&mut core, "second").unwrap();
    assert_eq!(first.try_recv().unwrap(), Answer::Superseded);
    let then = leaving(&mut core, &inlet);
    assert_eq!((then[0].0, then[0].1), (Kind::Cancel, sent[0].1));
    assert_eq!((then[1].0, &*then[1].2), (Kind::Data, "second"));
    answer(&mut core, &inlet, sent[0].1, "late");
    answer(&mut core, &inlet, then[1].1 + 7, "to nobody's question");
    assert!(second.try_recv().is_err(), "that was no answer to it");
    let drops = core.stats.drops();
    assert_eq!(drops.get("late answer"), Some(&2), "{drops:?}");
    answer(&mut core, &inlet, then[1].1, "right");
    assert_eq!(second.try_recv().unwrap(), Answer::Reply(content("right")));
}
