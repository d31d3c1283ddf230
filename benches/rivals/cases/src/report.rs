use serde::{Deserialize, Serialize};

/// What one run measured. What its case does not measure is zero.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Report {
    /// Messages, questions or children.
    pub count: u64,
    /// How long all of them took together; with [`stop_nanoseconds`](Self::stop_nanoseconds), their starts alone.
    pub nanoseconds: u64,
    /// How long all stops took together.
    pub stop_nanoseconds: u64,
    /// Resident memory: of the idle children alone, or of the process at its peak.
    pub bytes: u64,
}

impl Report {
    /// Reads a line that a participant printed.
    ///
    /// # Errors
    /// It is none; the text quotes it.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("{text:?}: {error}"))
    }

    /// Writes this report to standard output, as one line.
    pub fn print(&self) {
        println!(
            "{}",
            serde_json::to_string(self).expect("numbers always serialize")
        );
    }

    /// Nanoseconds of one message, question or start.
    pub fn nanoseconds_each(&self) -> f64 {
        self.nanoseconds as f64 / self.count as f64
    }

    /// Nanoseconds of one stop.
    pub fn stop_nanoseconds_each(&self) -> f64 {
        self.stop_nanoseconds as f64 / self.count as f64
    }

    /// Bytes of one child.
    pub fn bytes_each(&self) -> f64 {
        self.bytes as f64 / self.count as f64
    }
}
