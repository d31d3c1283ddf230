//! Builds the rivals, each by itself, so that one that cannot be built here does not keep the others away.

use std::env::{var, var_os};
use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Failure, Participant};

pub(crate) struct Rival {
    /// As the tables call it.
    name: &'static str,
    /// Its package in `benches/rivals`, which is its program's name, too.
    package: &'static str,
    /// `usize::MAX`: as the others.
    bound_messages_max: usize,
    needs: Option<SystemLibrary>,
}

struct SystemLibrary {
    found_by: FoundBy,
    debian_package: &'static str,
}

/// How to learn whether a library is there.
enum FoundBy {
    /// pkg-config knows it by this name.
    PkgConfig(&'static str),
    /// This header lies where the compiler looks.
    Header(&'static str),
}

const LIBZMQ: SystemLibrary = SystemLibrary {
    found_by: FoundBy::PkgConfig("libzmq"),
    debian_package: "libzmq3-dev",
};
/// Debian's package says nothing to pkg-config.
const NNG: SystemLibrary = SystemLibrary {
    found_by: FoundBy::Header("/usr/include/nng/nng.h"),
    debian_package: "libnng-dev",
};

/// Who plays the roles of sockets.
pub(crate) const OF_SOCKETS: &[Rival] = &[
    Rival {
        name: "libzmq",
        package: "rival-libzmq",
        bound_messages_max: usize::MAX,
        needs: Some(LIBZMQ),
    },
    // Its own default, with which small messages are faster than with long queues: they stay in the cache.
    Rival {
        name: "libzmq, bound 1000",
        package: "rival-libzmq",
        bound_messages_max: 1_000,
        needs: Some(LIBZMQ),
    },
    Rival {
        name: "omq-tokio",
        package: "rival-omq-tokio",
        bound_messages_max: usize::MAX,
        needs: None,
    },
    // Slower where there are cores to spare, but what Treewire has to be measured by: it, too, has one thread.
    Rival {
        name: "omq-tokio, one thread",
        package: "rival-omq-tokio-one-thread",
        bound_messages_max: usize::MAX,
        needs: None,
    },
    Rival {
        name: "rzmq",
        package: "rival-rzmq",
        bound_messages_max: usize::MAX,
        needs: None,
    },
    Rival {
        name: "nng",
        package: "rival-nng",
        bound_messages_max: usize::MAX,
        needs: Some(NNG),
    },
    Rival {
        name: "bare tokio",
        package: "rival-bare-tokio",
        bound_messages_max: usize::MAX,
        needs: None,
    },
    Rival {
        name: "bare sockets",
        package: "rival-bare-sockets",
        bound_messages_max: usize::MAX,
        needs: None,
    },
];

/// Who publishes to many subscribers: those of sockets that can, with the one bound of that bench.
pub(crate) const OF_PUBLISHERS: &[Rival] = &[
    Rival {
        name: "libzmq",
        package: "rival-libzmq",
        bound_messages_max: usize::MAX,
        needs: Some(LIBZMQ),
    },
    Rival {
        name: "omq-tokio",
        package: "rival-omq-tokio",
        bound_messages_max: usize::MAX,
        needs: None,
    },
    Rival {
        name: "omq-tokio, one thread",
        package: "rival-omq-tokio-one-thread",
        bound_messages_max: usize::MAX,
        needs: None,
    },
    Rival {
        name: "nng",
        package: "rival-nng",
        bound_messages_max: usize::MAX,
        needs: Some(NNG),
    },
    Rival {
        name: "bare tokio",
        package: "rival-bare-tokio",
        bound_messages_max: usize::MAX,
        needs: None,
    },
];

/// What everything else is measured by, among the actor frameworks.
pub(crate) const STOCK_ACTIX: &str = "stock actix";

/// Who runs the cases of actors.
pub(crate) const OF_ACTORS: &[Rival] = &[
    Rival {
        name: STOCK_ACTIX,
        package: "rival-actix",
        bound_messages_max: usize::MAX,
        needs: None,
    },
    Rival {
        name: "ractor",
        package: "rival-ractor",
        bound_messages_max: usize::MAX,
        needs: None,
    },
    Rival {
        name: "kameo",
        package: "rival-kameo",
        bound_messages_max: usize::MAX,
        needs: None,
    },
];

/// The wanted ones of `rivals` that could be built; why another could not is told on standard error.
pub(crate) fn built(rivals: &[Rival], wanted: impl Fn(&str) -> bool) -> Vec<Participant> {
    let mut participants = Vec::new();
    for rival in rivals.iter().filter(|rival| wanted(rival.name)) {
        match rival.build() {
            Ok(program) => participants.push(Participant::rival(
                rival.name,
                program,
                rival.bound_messages_max,
            )),
            Err(failure) => eprintln!("{} does not take part: {failure}", rival.name),
        }
    }
    participants
}

impl Rival {
    fn build(&self) -> Result<PathBuf, Failure> {
        if let Some(library) = &self.needs {
            let version = library.version()?;
            eprintln!("{} {version}", self.name);
        }
        let target = target_folder();
        let cargo = var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args([
                "build",
                "--quiet",
                "--release",
                "--locked",
                "--package",
                self.package,
                "--target-dir",
            ])
            .arg(&target)
            .current_dir(rivals_folder())
            .stdin(Stdio::null())
            .status();
        match status {
            Ok(status) if status.success() => Ok(target.join("release").join(self.package)),
            Ok(status) => Err(format!(
                "cargo build of {} ended with {status}; its messages are above",
                self.package
            )),
            Err(error) => Err(format!("cannot start cargo: {error}")),
        }
    }
}

impl SystemLibrary {
    fn version(&self) -> Result<String, Failure> {
        let advice = format!("on Debian: apt-get install {}", self.debian_package);
        match self.found_by {
            FoundBy::PkgConfig(name) => {
                let output = Command::new("pkg-config")
                    .args(["--modversion", name])
                    .output();
                match output {
                    Ok(output) if output.status.success() => {
                        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
                    }
                    Ok(_) => Err(format!("{name} is not installed; {advice}")),
                    Err(error) => Err(format!(
                        "cannot run pkg-config ({error}); on Debian: apt-get install pkg-config"
                    )),
                }
            }
            FoundBy::Header(path) => match read_to_string(path) {
                Ok(header) => Ok(version_in(&header)),
                Err(error) => Err(format!("{path}: {error}; {advice}")),
            },
        }
    }
}

/// `1.5.2`, from a header's `#define NNG_MAJOR_VERSION 1` and the like.
fn version_in(header: &str) -> String {
    let numbers = header.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let defines = words.next()? == "#define" && words.next()?.ends_with("_VERSION");
        words.next().filter(|_| defines)
    });
    numbers.collect::<Vec<_>>().join(".")
}

fn rivals_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches")
        .join("rivals")
}

/// `target/rivals`, in whatever folder Cargo builds the main workspace.
fn target_folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".to_owned()))
        .join("rivals")
}
