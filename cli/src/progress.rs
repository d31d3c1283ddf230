//! The line on a terminal that tells how far long work has come.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::tree::{bytes, count};

/// Work that is done before is not worth a line.
const FIRST_AFTER: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_millis(200);

pub(crate) struct Progress {
    verb: &'static str,
    shown: bool,
    started: Instant,
    next: Instant,
    messages: u64,
    bytes: u64,
    drawn: bool,
}

impl Progress {
    /// `verb` says what is counted (`sent`). Nothing is shown unless standard
    /// error is a terminal, nor when messages go to or come from that terminal.
    pub(crate) fn new(verb: &'static str, messages_on_terminal: bool) -> Self {
        let started = Instant::now();
        Progress {
            verb,
            shown: stderr().is_terminal() && !messages_on_terminal,
            started,
            next: started + FIRST_AFTER,
            messages: 0,
            bytes: 0,
            drawn: false,
        }
    }

    pub(crate) fn add(&mut self, messages: u64, bytes: u64) {
        self.messages += messages;
        self.bytes += bytes;
        if !self.shown {
            return;
        }
        let now = Instant::now();
        if now >= self.next {
            self.next = now + EVERY;
            self.draw(now);
        }
    }

    fn draw(&mut self, now: Instant) {
        let seconds = (now - self.started).as_secs_f64();
        let rate = (self.messages as f64 / seconds) as u64;
        let (verb, messages, bytes) = (self.verb, count(self.messages), bytes(self.bytes));
        // A terminal that cannot be written to is nobody's loss.
        let _ = write!(
            stderr(),
            "\r\x1b[K{verb} {messages} messages, {bytes}, {}/s",
            count(rate)
        );
        let _ = stderr().flush();
        self.drawn = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn {
            self.draw(Instant::now());
            eprintln!();
        }
    }
}
