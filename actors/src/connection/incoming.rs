//! What a connection does with what its peer said.

use treewire_runtime::Stats;
use treewire_transports::{Credit, Event};

use super::channel::Admitted;
use super::{Connection, Phase, Trouble};

impl Connection {
    /// The next event; the dialect has the last word.
    fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front().or_else(|| {
            self.dialect
                .tell(self.wire.output.byte_len(), &mut self.events);
            self.events.pop_front()
        })
    }

    /// Handles what was received.
    pub(super) fn handle_events(&mut self, stats: &Stats) -> Result<(), Trouble> {
        while let Some(event) = self.next_event() {
            match (event, &mut self.phase) {
                (event @ Event::Message { .. }, Phase::Open(channel)) => {
                    // Consecutive messages go in one batch, under one lock.
                    self.events.push_front(event);
                    let before = channel.received;
                    let inlet = channel.inlet.clone();
                    let events = &mut self.events;
                    let batch = Admitted { channel, events };
                    self.config.shared.accept(&inlet, batch);
                    let count = channel.received - before;
                    self.moved += count;
                    stats.messages_in.add(count);
                    self.config.shared.stats.messages_in.add_shared(count);
                    if let Some(Event::Message {
                        channel: number, ..
                    }) = self.events.front()
                    {
                        return Err(if *number == channel.number {
                            Trouble::BeyondCredit {
                                messages_max: channel.granted.messages_max,
                            }
                        } else {
                            Trouble::OutOfTurn("a message on another channel")
                        });
                    }
                    self.made_progress();
                }
                (
                    Event::Credit {
                        channel: number,
                        credit,
                    },
                    Phase::Open(channel),
                ) if number == channel.number => {
                    let shared = &self.config.shared;
                    shared.credit(&channel.inlet, credit).map_err(|sent| {
                        let handled = credit.handled;
                        Trouble::FalseCredit { handled, sent }
                    })?;
                    if credit.handled > 0 {
                        self.made_progress();
                    }
                }
                (
                    Event::Close {
                        channel: number,
                        close,
                    },
                    Phase::Open(channel),
                ) if number == channel.number => {
                    channel.peer_closed = true;
                    if close.ends {
                        self.config
                            .shared
                            .core(|core| core.peer_ends(&channel.inlet));
                    }
                    if channel.is_over() {
                        self.config.shared.peer_leaves(&channel.inlet);
                    }
                    let confirmed = Credit {
                        handled: close.handled,
                        ..Credit::default()
                    };
                    let shared = &self.config.shared;
                    shared.credit(&channel.inlet, confirmed).map_err(|sent| {
                        let handled = close.handled;
                        Trouble::FalseCredit { handled, sent }
                    })?;
                }
                (Event::Goodbye { reason }, _) => return Err(Trouble::Goodbye(reason)),
                (Event::RoundTrip(time), _) => {
                    stats.describe("round trip", format!("{time:?}"));
                    // Who is idle hears nothing else.
                    self.give_up_room_of_events();
                }
                (event, _) => self.shake_hands(event, stats)?,
            }
        }
        // The next ones lie where these did, which is in the nearest cache.
        self.events.clear();
        Ok(())
    }

    pub(super) fn made_progress(&mut self) {
        if let Some(progress) = self.config.progress.take() {
            progress.made();
        }
    }
}
