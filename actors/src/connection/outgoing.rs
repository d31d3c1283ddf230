//! What a connection says to its peer once the channel is open.

use std::time::{Duration, Instant};

use treewire_runtime::Stats;
use treewire_transports::Close;

use super::{Connection, Phase, TURN_MESSAGES};

/// How long handled messages may go unreported when there are few of them.
const CREDIT_DELAY: Duration = Duration::from_millis(20);

/// How long a connection that is being stopped waits for what its peer has sent.
const PARTING: Duration = Duration::from_secs(1);

/// Output above this many bytes waits for the link before more is encoded.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;

/// Messages of about this many bytes are taken and encoded at once: so few that they stay in
/// the nearest cache between the two, small as they may be.
const BATCH_BYTES: usize = 8 * 1024;

impl Connection {
    /// Encodes what may be sent. `true` if there was anything.
    pub(super) fn fill_output(&mut self, stats: &Stats, now: Instant) -> bool {
        let Phase::Open(channel) = &mut self.phase else {
            return false;
        };
        let mut busy = false;
        let shared = &self.config.shared;
        let inlet = &channel.inlet;
        while !channel.we_closed && !channel.is_over() {
            let before = self.wire.output.byte_len();
            let wanted = OUTPUT_BYTES_MAX.saturating_sub(before).min(BATCH_BYTES);
            if wanted == 0 {
                break;
            }
            let (dialect, output) = (&mut self.dialect, &mut self.wire.output);
            let departing = &mut self.departing;
            let mut sent = shared.take_sendable(inlet, wanted as u64, departing, |envelope| {
                dialect.send_short(channel.number, envelope, output)
            });
            let count = self.departing.len();
            self.moved += sent + count as u64;
            busy |= count > 0 || sent > 0;
            for (at, queued) in self.departing.drain(..).enumerate() {
                if self
                    .dialect
                    .send_short(channel.number, &queued.envelope, &mut self.wire.output)
                {
                    sent += 1;
                    continue;
                }
                let after = count - at - 1;
                // The socket's own limits were kept; the peer's may be narrower.
                let envelope = match self.dialect.check(&queued.envelope) {
                    Ok(()) => Some(queued.envelope),
                    Err(error) => shared.core(|core| core.unsendable(inlet, queued, after, &error)),
                };
                match envelope {
                    Some(envelope) => {
                        self.dialect
                            .send(channel.number, envelope, &mut self.wire.output);
                        sent += 1;
                    }
                    // It may have been the last to be flushed, and leaves room.
                    None => {
                        shared.changed.notify_waiters();
                        shared.room.notify_waiters();
                    }
                }
            }
            stats.messages_out.add(sent);
            shared.stats.messages_out.add_shared(sent);
            let is_last = self.wire.output.byte_len() - before < wanted / 2;
            if is_last || self.moved >= TURN_MESSAGES {
                // There is no more; or there is, and being busy it looks again.
                break;
            }
        }
        let parts = inlet.ends_its_pipe();
        let closing = shared.is_closing() || self.leaving || parts;
        if channel.inlet.owes_credit() || channel.inlet.is_raised() {
            let due = *self.credit_due.get_or_insert(now + CREDIT_DELAY);
            if closing || channel.peer_closed || due <= now || channel.inlet.is_urgent() {
                self.credit_due = None;
                channel.granted = channel.credit();
                self.dialect
                    .credit(channel.number, channel.granted, &mut self.wire.output);
                busy = true;
            }
        } else {
            // A later connection of the session may have told what was due here.
            self.credit_due = None;
        }
        if (closing || channel.is_over())
            && !channel.we_closed
            && let Some(sent) = if self.leaving || channel.is_over() {
                // What is queued stays with the pipe.
                shared.sent(inlet)
            } else if parts && !shared.is_closing() {
                // The answers in hand leave first; a peer that only sends is to stop at once.
                let is_answered = channel.is_all_handled() || channel.expects_messages();
                shared.sent_all_of(inlet).filter(|_| is_answered)
            } else {
                shared.sent_all(inlet)
            }
        {
            channel.we_closed = true;
            let close = Close {
                handled: channel.inlet.credit().handled,
                sent,
                ends: shared.leaves_for_good() || inlet.ends_its_pipe(),
                reason: match (closing, parts) {
                    (true, true) => "the socket dials its peer no more".into(),
                    (true, false) => "the socket is closing".into(),
                    (false, _) => "the peer is closing".into(),
                },
            };
            self.dialect
                .close(channel.number, &close, &mut self.wire.output);
            busy = true;
        }
        if parts && channel.is_settled() && inlet.settle() {
            shared.changed.notify_waiters();
        }
        if !self.leaving || !channel.we_closed {
            return busy;
        }
        // What is under way is received, not lost.
        let part_by = *self.part_by.get_or_insert(now + PARTING);
        if !channel.expects_messages() || part_by <= now {
            self.part_by = None;
            self.end_by = (!self.dialect.is_known_to_the_peer()).then_some(now + PARTING);
            self.dialect
                .goodbye("the connection is being stopped", &mut self.wire.output);
            self.phase = Phase::ExpectEnd;
            busy = true;
        }
        busy
    }
}
