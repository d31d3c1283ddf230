//! The control thread: it drives the tree, keeps deadlines, hears signals and
//! answers observers. It never runs user code, so nothing an actor does can
//! keep it from doing so.

mod input;

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot, watch};

use super::arbiters::{Arbiters, Start};
use super::ground::RunControl;
use super::reaper::Reaper;
use super::signals::{self, Departure, Signals};
use super::{Home, Node, NodeError};
use crate::exit::{Exit, Killer};
use crate::observe::{Event, EventKind, NodeSnapshot};
use crate::tree::{Action, ChildId, Ending, Tree};
pub(super) use input::{Deed, Input, Where};

/// How many inputs are dealt with before deadlines and signals are looked at.
const INPUTS_A_TURN: usize = 64;

/// The way to the control thread, from any thread.
#[derive(Clone)]
pub(super) struct Control(mpsc::UnboundedSender<Input>);

impl Control {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Input>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Control(sender), receiver)
    }

    /// After the end of the node nobody listens any more, and nothing is owed:
    /// whoever waits for an answer sees its channel close.
    pub(super) fn send(&self, input: Input) {
        if let Err(mpsc::error::SendError(Input::Spawn { spec, .. })) = self.0.send(input) {
            spec.each_recipe(&mut |recipe| {
                if let Some(closing) = recipe.close(&Exit::Shutdown) {
                    closing()();
                }
            });
        }
    }

    /// Begins to drive the tree; that ends with the node and says how through `ended`.
    pub(super) fn run(
        parts: Parts,
        inputs: mpsc::UnboundedReceiver<Input>,
        ended: watch::Sender<Option<Ending>>,
        run: RunControl,
    ) -> Result<(), NodeError> {
        let Parts {
            node,
            tree,
            arbiters,
            reaper,
        } = parts;
        let driver = Driver {
            node: node.clone(),
            tree,
            arbiters,
            reaper,
            signals: None,
            signalled: false,
            alarm: None,
            answers: Vec::new(),
        };
        run(Box::pin(async move {
            let outcome = driver.drive(inputs).await;
            node.0.reach.dead_letters.end();
            ended.send_replace(Some(outcome.ending));
            if let Some(departure) = outcome.departure {
                departure.of(&node).await;
            }
        }))
    }
}

/// What the control thread holds.
pub(super) struct Parts {
    pub(super) node: Node,
    pub(super) tree: Tree,
    pub(super) arbiters: Arbiters,
    pub(super) reaper: Reaper,
}

/// Completes at the tree's next deadline.
type Alarm = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Outcome {
    ending: Ending,
    /// What is still to be seen to if a signal asked for the end.
    departure: Option<Departure>,
}

struct Driver {
    node: Node,
    tree: Tree,
    arbiters: Arbiters,
    reaper: Reaper,
    signals: Option<Signals>,
    /// One of them was heard.
    signalled: bool,
    alarm: Option<(Instant, Alarm)>,
    /// Given once what was asked for is under way.
    answers: Vec<(oneshot::Sender<bool>, bool)>,
}

impl Driver {
    async fn drive(mut self, mut inputs: mpsc::UnboundedReceiver<Input>) -> Outcome {
        loop {
            if let Some(ending) = self.perform_all() {
                return self.finish(inputs, ending).await;
            }
            self.set_alarm();
            // Deadlines and signals are rare and must not wait for a flood of inputs.
            tokio::select! {
                biased;
                () = next_of(&mut self.signals) => self.stop_on_signal(),
                () = ring(&mut self.alarm) => {
                    self.alarm = None;
                    let arbiters = &self.arbiters;
                    let polled = |arbiter| arbiters.polled(arbiter);
                    self.tree.on_time(self.node.clock().now(), &polled);
                }
                // The node itself holds a sender, so the channel does not close.
                Some(first) = inputs.recv() => {
                    let rest = (1..INPUTS_A_TURN).map_while(|_| inputs.try_recv().ok());
                    for input in std::iter::once(first).chain(rest) {
                        self.accept(input);
                        if let Some(ending) = self.perform_all() {
                            return self.finish(inputs, ending).await;
                        }
                    }
                }
            }
        }
    }

    fn set_alarm(&mut self) {
        let at = self.tree.wake_at();
        if at != self.alarm.as_ref().map(|(at, _)| *at) {
            let clock = self.node.clock();
            self.alarm = at.map(|at| (at, Box::pin(clock.sleep_until(at)) as Alarm));
        }
    }

    fn perform_all(&mut self) -> Option<Ending> {
        if self.tree.is_ending() {
            self.node.0.is_stopping.store(true, SeqCst);
        }
        let mut ending = None;
        while ending.is_none()
            && let Some(action) = self.tree.next_action()
        {
            ending = self.perform(action);
        }
        // The deed that was the end of the node was done, too.
        for (reply, answer) in self.answers.drain(..) {
            // Whoever asked may have gone.
            let _ = reply.send(answer);
        }
        ending
    }

    /// Nothing follows: what was asked for too late is told so.
    async fn finish(
        mut self,
        mut inputs: mpsc::UnboundedReceiver<Input>,
        ending: Ending,
    ) -> Outcome {
        inputs.close();
        while let Ok(input) = inputs.try_recv() {
            if let Input::Spawn { spec, .. } = input {
                spec.each_recipe(&mut |recipe| self.reaper.close(recipe.clone(), &Exit::Shutdown));
                self.reaper.drop_specs(vec![*spec]);
            }
        }
        self.reaper.drop_specs(self.tree.take_specs());
        self.reaper.finish().await;
        // The threads end as they are let go of.
        drop(self.arbiters);
        let mut blocking = self.tree.zombies().to_vec();
        if let Ending::TimedOut { blocking: left } = &ending {
            blocking.extend_from_slice(left);
        }
        let departure = self.signals.filter(|_| self.signalled);
        Outcome {
            ending,
            departure: departure.map(|signals| Departure::new(signals, blocking)),
        }
    }

    fn accept(&mut self, input: Input) {
        let is_watched = self.node.0.events.has_listeners();
        self.tree
            .set_watched(is_watched || tracing::enabled!(tracing::Level::DEBUG));
        let now = self.node.clock().now();
        match input {
            Input::Spawn {
                parent,
                spec,
                replies,
            } => {
                // What it starts may use those handles before the spawner comes to this.
                for anchor in spec.anchors() {
                    anchor.enter(&self.node);
                }
                self.tree.spawn(parent.id(), *spec, replies, now);
            }
            Input::Started { id, life } => self.tree.started(id, life, now),
            Input::Exited {
                id,
                life,
                exit,
                charge,
            } => self.tree.exited(id, life, exit, charge, now),
            Input::Progressed { id, life } => self.tree.progressed(id, life),
            Input::Stop { id } => self.tree.stop(id, now),
            Input::StopSupervisor(anchor) => self.tree.stop(anchor.id(), now),
            Input::ArbiterLost {
                number,
                incarnation,
            } => {
                if self.arbiters.lost(number, incarnation) {
                    tracing::warn!("the thread behind arbiter {number} has ended");
                    self.tree.arbiter_lost(number, now);
                }
            }
            Input::Kill { id, exit } => self.tree.kill(id, exit, now),
            Input::EndLife { id, life, exit } => self.tree.end_life(id, life, exit, now),
            Input::Renew { id, placement } => self.tree.renew(id, placement, now),
            Input::At(place, deed, reply) => {
                let found = match place {
                    Where::Path(path) => self.tree.find_path(&path),
                    Where::Below(parent, name) => self.tree.child_named(parent.id(), &name),
                };
                if let Some(id) = found {
                    self.act(id, deed, now);
                }
                self.answers.push((reply, found.is_some()));
            }
            Input::ChildrenOf(parent, reply) => {
                let _ = reply.send(self.tree.snapshot_children(parent.id(), now));
            }
            Input::Snapshot(reply) => {
                // Whoever asked may have gone.
                let _ = reply.send(self.snapshot());
            }
            Input::CatchSignals if self.signals.is_none() => match Signals::new() {
                Ok(signals) => self.signals = Some(signals),
                Err(error) => tracing::error!("signals cannot be caught: {error}"),
            },
            Input::CatchSignals => {}
            Input::End => self.tree.end(Ending::Stopped, now),
        }
    }

    fn act(&mut self, id: ChildId, deed: Deed, now: Instant) {
        match deed {
            Deed::Start => self.tree.start_resting(id, now),
            Deed::Stop(ended) => self.tree.stop_and_tell(id, ended, now),
            Deed::Kill => self.tree.kill(id, Exit::Killed(Killer::Operator), now),
            Deed::Renew(placement) => self.tree.renew(id, placement, now),
        }
    }

    fn perform(&mut self, action: Action) -> Option<Ending> {
        match action {
            Action::Start {
                recipe,
                id,
                life,
                arbiter,
                path,
            } => {
                let home = Home {
                    node: self.node.clone(),
                    id,
                    life,
                    path,
                    turn: self.arbiters.turn(arbiter),
                };
                recipe.prepare(&home, arbiter);
                self.arbiters.make(arbiter, Start::new(recipe, home));
            }
            Action::Signal {
                recipe,
                life,
                signal,
            } => recipe.signal(life, signal),
            Action::Ended { recipe, life, exit } => {
                self.reaper.drop_links(recipe.ended(life, &exit));
            }
            Action::Abandon { recipe, life, exit } => self.reaper.abandon(recipe, life, &exit),
            Action::Close { recipe, exit } => self.reaper.close(recipe, &exit),
            Action::Restarting(told, after) => self.reaper.restarting(told, after),
            // Whoever waited may have gone.
            Action::Ready(reply, result) => drop(reply.send(result)),
            Action::Gone(reply, exit) => drop(reply.send(exit)),
            Action::Event(event) => self.tell(event),
            Action::ReplaceArbiter(number) => self.arbiters.give_up(number),
            Action::ReleaseArbiter(number) => self.arbiters.release(number),
            Action::Finished(ending) => return Some(ending),
        }
        None
    }

    fn tell(&self, event: Event) {
        match &event.kind {
            EventKind::Exited(Exit::Panicked(_)) | EventKind::Escalated(_) | EventKind::Zombie => {
                tracing::error!("{event}");
            }
            EventKind::Stranded { .. } => tracing::info!("{event}"),
            EventKind::Exited(exit) if exit.is_abnormal() => tracing::info!("{event}"),
            _ => tracing::debug!("{event}"),
        }
        self.node.0.events.send(event);
    }

    fn snapshot(&self) -> NodeSnapshot {
        let Node(inner) = &self.node;
        let now = inner.clock.now();
        NodeSnapshot {
            name: inner.identity.name.clone(),
            instance: inner.identity.instance_text(),
            incarnation: inner.identity.incarnation,
            process: std::process::id(),
            taken_at_unix_ms: inner.clock.since_epoch().as_millis() as u64,
            uptime_ms: now.saturating_duration_since(inner.started_at).as_millis() as u64,
            restarts: self.tree.restarts(),
            zombies: self.tree.zombies().to_vec(),
            children: self.tree.snapshot(now),
        }
    }

    fn stop_on_signal(&mut self) {
        if self.tree.is_ending() {
            signals::end_at_once();
        }
        self.signalled = true;
        tracing::info!("a signal: stopping; a second one ends at once");
        self.tree.end(Ending::Stopped, self.node.clock().now());
    }
}

async fn next_of(signals: &mut Option<Signals>) {
    match signals {
        Some(signals) => signals.next().await,
        None => pending().await,
    }
}

async fn ring(alarm: &mut Option<(Instant, Alarm)>) {
    match alarm {
        Some((_, alarm)) => alarm.await,
        None => pending().await,
    }
}
