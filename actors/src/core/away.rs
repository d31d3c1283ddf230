//! How much is kept for peers that opened a session and are away.

use treewire_transports::{Refusal, RefusalCode};

use super::{Core, Pipe};

/// How many sessions are kept while their peers are away, in all.
const SESSIONS_MAX: usize = 8_192;

/// The same of peers from one host: whoever opens sessions without end costs itself.
const SESSIONS_OF_A_HOST_MAX: usize = 1_024;

/// How many times what one peer may have under way is kept for those from one host.
const WINDOWS_OF_A_HOST_MAX: u64 = 16;

impl Core {
    /// Whether a peer from `host` may begin one more session. One that is known is
    /// resumed in any case.
    pub(super) fn admits_session(&self, host: &str) -> Result<(), Refusal> {
        let window = self.config.receive_bound().bytes;
        let window = window.max(self.config.send_bound().bytes);
        let bytes_max = window.saturating_mul(WINDOWS_OF_A_HOST_MAX);
        let (mut all, mut of_host, mut bytes) = (0, 0, 0);
        for (_, pipe) in &self.pipes {
            let Some(away) = pipe.away_host() else {
                continue;
            };
            all += 1;
            if away == host {
                of_host += 1;
                bytes += pipe.held_bytes();
            }
        }
        if all < SESSIONS_MAX && of_host < SESSIONS_OF_A_HOST_MAX && bytes < bytes_max {
            return Ok(());
        }
        Err(Refusal {
            code: RefusalCode::ConnectionLimit,
            text: format!(
                "the sessions of {all} peers that are away are kept, {of_host} of this host with {bytes} bytes: try later"
            ),
        })
    }
}

impl Pipe {
    /// From where its peer came, if that opened its session and is away.
    fn away_host(&self) -> Option<&str> {
        let session = self.session.as_ref()?;
        let is_away = self.dialed.is_none() && !self.is_connected();
        session.host.as_deref().filter(|_| is_away)
    }
}
