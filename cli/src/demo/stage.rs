//! What the audience sees, on standard output.

use std::io::{IsTerminal, Write, stdout};

use tokio::time::{Instant, sleep_until};
use treewire::NodeSnapshot;
use treewire::runtime::{Event, EventKind, Events};

use crate::ending::{Ending, Outcome};
use crate::tree::{render, time};

#[derive(Clone, Copy)]
pub(super) struct Stage {
    begun: Instant,
    styled: bool,
}

/// What happens in the tree, told while the play waits.
pub(super) struct Narration {
    stage: Stage,
    events: Events,
}

impl Narration {
    /// Tells what happens until a moment.
    pub(super) async fn until(&mut self, moment: Instant) -> Outcome {
        tokio::select! {
            told = self.until_event(|_| false) => told,
            () = sleep_until(moment) => Ok(()),
        }
    }

    /// Tells what happens until the child at `path` has started again.
    pub(super) async fn until_back(&mut self, path: &str) -> Outcome {
        self.until_event(|event| event.kind == EventKind::Started && event.path == path)
            .await
    }

    async fn until_event(&mut self, is_last: impl Fn(&Event) -> bool) -> Outcome {
        while let Some(event) = self.events.next().await {
            self.stage.tell(&event)?;
            if is_last(&event) {
                return Ok(());
            }
        }
        Err(Ending::failed("the node has ended"))
    }
}

impl Stage {
    pub(super) fn new() -> Self {
        Stage {
            begun: Instant::now(),
            styled: stdout().is_terminal(),
        }
    }

    pub(super) fn title(self, text: &str) -> Outcome {
        let text = self.style(BOLD, text);
        self.print(&format!("{text}\n"))
    }

    /// What follows a tree.
    pub(super) fn heading(self, text: &str) -> Outcome {
        let text = self.style(BOLD, text);
        self.print(&format!("{text}\n\n"))
    }

    pub(super) fn tree(self, when: &str, tree: &NodeSnapshot) -> Outcome {
        let heading = self.style(BOLD, &format!("The tree {when}"));
        self.print(&format!("\n{heading}\n\n{}\n", render(tree)))
    }

    /// Something that is done to the tree.
    pub(super) fn act(self, text: &str) -> Outcome {
        self.line("!", YELLOW, text)
    }

    /// Tells of the tree's failures and restarts from now on.
    pub(super) fn narrate(self, events: Events) -> Narration {
        Narration {
            stage: self,
            events,
        }
    }

    fn tell(self, event: &Event) -> Outcome {
        let Event {
            path, generation, ..
        } = event;
        match &event.kind {
            EventKind::Exited(exit) if exit.is_abnormal() => {
                self.line("✗", RED, &format!("{path} {exit}"))
            }
            EventKind::Restarting { after } if !after.is_zero() => {
                let after = time(after.as_millis() as u64);
                self.line("↻", DIM, &format!("{path} starts again in {after}"))
            }
            EventKind::Started if *generation > 1 => self.line(
                "✓",
                GREEN,
                &format!("{path} is back, generation {generation}"),
            ),
            EventKind::Escalated(exit) => self.line(
                "✗",
                RED,
                &format!("{path} is not restarted any more: {exit}"),
            ),
            _ => Ok(()),
        }
    }

    fn line(self, sign: &str, style: &str, text: &str) -> Outcome {
        let at = self.begun.elapsed().as_secs_f64();
        let sign = self.style(style, sign);
        self.print(&format!("{at:6.2} s  {sign} {text}\n"))
    }

    fn style(self, style: &str, text: &str) -> String {
        if self.styled {
            format!("\x1b[{style}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn print(self, text: &str) -> Outcome {
        let mut stdout = stdout().lock();
        let written = stdout.write_all(text.as_bytes());
        written
            .and_then(|()| stdout.flush())
            .map_err(|error| Ending::Failed(format!("cannot write to standard output: {error}")))
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
