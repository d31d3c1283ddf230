//! What a test binary logged.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard};

/// The lines of a whole test binary: one subscriber serves all threads.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Catches what is logged from now on, from `info` up. To be called once.
    pub(crate) fn catch() -> Log {
        let log = Log::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    /// Where the log ends now.
    pub(crate) fn end(&self) -> usize {
        self.bytes().len()
    }

    /// The warnings from `start` on that hold that text.
    pub(crate) fn warnings_with(&self, start: usize, text: &str) -> Vec<String> {
        let bytes = self.bytes();
        String::from_utf8_lossy(&bytes[start..])
            .lines()
            .filter(|line| line.contains(" WARN ") && line.contains(text))
            .map(str::to_owned)
            .collect()
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
