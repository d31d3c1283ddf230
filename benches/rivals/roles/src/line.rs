use serde::{Deserialize, Serialize};

/// One line of a participant's standard output.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A listener's endpoint, with the port it got.
    Listening(String),
    /// The end of a pull.
    Throughput(Throughput),
    /// The end of a req.
    RoundTrip(RoundTrip),
}

impl Line {
    /// Reads a line that a participant printed.
    ///
    /// # Errors
    /// It is none; the text quotes it.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("{text:?}: {error}"))
    }

    /// Writes this line to standard output.
    pub fn print(&self) {
        println!(
            "{}",
            serde_json::to_string(self).expect("numbers and text always serialize")
        );
    }
}

/// What a receiver saw between its first and its last message.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Throughput {
    /// Messages received in the measured time, each of them checked.
    pub messages: u64,
    /// Payload bytes received.
    pub bytes: u64,
    /// From the first of these messages to the last.
    pub nanoseconds: u64,
}

impl Throughput {
    /// Messages a second. The first message starts the clock, so it is not among those counted.
    pub fn messages_per_second(&self) -> f64 {
        self.messages.saturating_sub(1) as f64 / self.seconds()
    }

    /// The measured time.
    pub fn seconds(&self) -> f64 {
        self.nanoseconds as f64 / 1e9
    }
}

/// The distribution of one run's round trips, the warm-up left out.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct RoundTrip {
    /// Round trips measured.
    pub trips: u64,
    /// All of them together, the clock readings between them included.
    pub total_nanoseconds: u64,
    /// Half of the trips took no longer.
    pub median_nanoseconds: u64,
    /// 90 % took no longer.
    pub p90_nanoseconds: u64,
    /// 99 % took no longer.
    pub p99_nanoseconds: u64,
    /// 99.9 % took no longer.
    pub p999_nanoseconds: u64,
    /// The slowest one.
    pub max_nanoseconds: u64,
}

impl RoundTrip {
    /// Round trips a second, all that were under way counted.
    pub fn trips_per_second(&self) -> f64 {
        self.trips as f64 / (self.total_nanoseconds as f64 / 1e9)
    }
}
