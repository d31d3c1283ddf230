//! Unix domain sockets keep the rules of every transport, and their own.

#![cfg(unix)]

#[path = "../conformance/mod.rs"]
mod conformance;

mod files;
mod peers;
mod refusals;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use conformance::Subject;
use treewire_transports::Registry;

mod paths {
    use super::conformance::{self, suite};

    suite!(super::subject(|| super::url(&super::path())));
}

#[cfg(target_os = "linux")]
mod abstract_names {
    use super::conformance::{self, suite};

    suite!(super::subject(|| {
        format!("ipc://@treewire-{}-{}", std::process::id(), super::number())
    }));
}

fn subject(place: fn() -> String) -> Subject {
    Subject {
        registry: Registry::standard(),
        place,
        wildcard: None,
        dial_waits: false,
    }
}

fn files() -> Subject {
    subject(|| url(&path()))
}

fn url(path: &Path) -> String {
    format!("ipc://{}", path.display())
}

/// A path of its own for each call. Its file goes with whoever listens there.
fn path() -> PathBuf {
    std::env::temp_dir().join(format!("treewire-{}-{}.sock", std::process::id(), number()))
}

fn number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
