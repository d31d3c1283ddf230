use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use clap::ValueEnum;

/// What carries the messages of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    Tcp,
    Ipc,
    /// Within one process, from one thread to another.
    Inproc,
}

impl Transport {
    /// As endpoints and reports have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Ipc => "ipc",
            Transport::Inproc => "inproc",
        }
    }

    /// In the words of a heading.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Transport::Tcp => "TCP loopback, two processes",
            Transport::Ipc => "ipc, two processes",
            Transport::Inproc => "inproc, two threads of one process",
        }
    }
}

/// Where one run's listener listens. Dropping it leaves nothing behind.
pub(super) struct Place {
    pub(super) endpoint: String,
    file: Option<PathBuf>,
}

impl Place {
    /// One that nobody else uses.
    pub(super) fn free(transport: Transport) -> Self {
        match transport {
            // The kernel picks the port.
            Transport::Tcp => Place {
                endpoint: "tcp://127.0.0.1:0".to_owned(),
                file: None,
            },
            Transport::Ipc => {
                static LAST: AtomicU32 = AtomicU32::new(0);
                let number = LAST.fetch_add(1, Relaxed);
                let name = format!("treewire-bench-{}-{number}.sock", std::process::id());
                let file = std::env::temp_dir().join(name);
                Place {
                    endpoint: format!("ipc://{}", file.display()),
                    file: Some(file),
                }
            }
            Transport::Inproc => Place {
                endpoint: "inproc://bench".to_owned(),
                file: None,
            },
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            // Most listeners have removed it themselves.
            let _ = fs::remove_file(file);
        }
    }
}
