//! What goes on while the market trades: time passes, things are killed, all of it is shown.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};
use treewire::Node;
use treewire::runtime::{EventKind, Events};

use super::chaos::Chaos;
use super::chronicle::{Chronicle, Mark};
use super::market::Market;
use super::page::{Key, Sight};
use super::show::Show;
use super::summary::Summary;
use crate::arguments::DemoArguments;
use crate::ending::{Ending, Outcome};
use crate::signals::{Signal, Signals};
use crate::tree::count;

/// How often what is shown is looked at.
const EVERY: Duration = Duration::from_millis(250);

const NOTHING: &str = "nothing is killed";

/// Why it did not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// By itself, or since the audience has seen enough.
    Ended,
    Signalled(Signal),
}

pub(super) struct Performance<'a> {
    node: &'a Node,
    market: &'a Market,
    signals: &'a mut Signals,
    show: Show,
    events: Events,
    chronicle: Chronicle,
    chaos: Chaos,
    /// What is killed, and how long all goes on.
    plan: Option<String>,
    duration: Duration,
    /// The market closes.
    is_closing: bool,
    looks: Interval,
}

impl<'a> Performance<'a> {
    pub(super) fn new(
        node: &'a Node,
        market: &'a Market,
        signals: &'a mut Signals,
        show: Show,
        arguments: &DemoArguments,
    ) -> Self {
        let every = arguments.chaos.0;
        let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
        let plan = every.map(humantime::format_duration);
        let plan = plan.map(|every| format!("one every {every} (seed {seed})"));
        let mut looks = interval(EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Performance {
            node,
            market,
            signals,
            show,
            events: node.events(),
            chronicle: Chronicle::new(),
            chaos: Chaos::new(seed, every),
            plan,
            duration: arguments.duration,
            is_closing: false,
            looks,
        }
    }

    pub(super) async fn open(&mut self) -> Outcome {
        self.show.tree("before", &self.node.snapshot().await?)?;
        let plan = match &self.plan {
            Some(plan) => format!("kills: {plan}"),
            None => NOTHING.to_owned(),
        };
        self.note(Mark::Note, plan)
    }

    /// Goes on until `end`, a signal or a key.
    pub(super) async fn until(&mut self, end: impl Future<Output = ()>) -> Result<Over, Ending> {
        let mut end = pin!(end);
        loop {
            tokio::select! {
                biased;
                () = &mut end => return Ok(Over::Ended),
                signal = self.signals.next() => return Ok(Over::Signalled(signal)),
                key = self.show.key() => match key {
                    Key::End => return Ok(Over::Ended),
                    Key::Interrupt => return Ok(Over::Signalled(Signal::Interrupt)),
                    key => {
                        self.show.turn(key);
                        self.look().await?;
                    }
                },
                event = self.events.next() => {
                    let event = event.ok_or_else(|| Ending::failed("the market has ended"))?;
                    if let EventKind::Zombie | EventKind::Stranded { .. } = event.kind {
                        self.market.give_up(&event.path);
                    }
                    let shorten = |text: &str| self.market.shortened(text);
                    if let Some(entry) = self.chronicle.tell(&event, shorten) {
                        self.show.entry(entry)?;
                    }
                }
                () = self.chaos.wait() => {
                    if let Some(text) = self.chaos.strike(self.node, self.market).await {
                        self.note(Mark::Harm, self.market.shortened(&text))?;
                    }
                }
                _ = self.looks.tick() => self.look().await?,
            }
        }
    }

    /// Nothing is killed any more.
    pub(super) fn close(&mut self) {
        self.chaos.stop();
        self.is_closing = true;
    }

    /// The summary, and what does not add up; gives the terminal back.
    pub(super) async fn end(self) -> Result<(String, Vec<String>), Ending> {
        let tree = self.node.snapshot().await?;
        self.show.tree("after", &tree)?;
        drop(self.show);
        let summary = Summary {
            totals: &self.market.totals(),
            harm: self.chaos.done(),
            restarts: tree.restarts,
        };
        Ok((summary.text(), summary.faults()))
    }

    fn note(&mut self, mark: Mark, text: String) -> Outcome {
        self.show.entry(self.chronicle.add(mark, text))
    }

    async fn look(&mut self) -> Outcome {
        let tree = self.node.snapshot().await?;
        let at = self.chronicle.age();
        let killed: u64 = self.chaos.done().values().sum();
        let (killed, restarted) = (count(killed), count(tree.restarts));
        let time = match self.is_closing {
            true => "waiting for what is under way".to_owned(),
            false => {
                let seconds = self.duration.as_secs().max(1);
                format!("{} of {} s", at.as_secs().min(seconds), count(seconds))
            }
        };
        let killed = match &self.plan {
            Some(plan) => format!("{killed} killed, {plan}"),
            None => NOTHING.to_owned(),
        };
        let title = format!("{time}  {killed}  {restarted} restarted");
        self.show.sight(&Sight {
            title: &title,
            at,
            tree: &tree,
            totals: &self.market.totals(),
            entries: self.chronicle.entries(),
            shorten: &|text| self.market.shortened(text),
        })
    }
}
