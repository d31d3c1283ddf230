//! How the demonstration is shown: as a page on a terminal, as lines anywhere else.

use std::future::pending;

use treewire::NodeSnapshot;

use super::chronicle::Entry;
use super::lines::Lines;
use super::page::{Key, Page, Sight};
use super::paint::Paint;
use crate::ending::{Ending, Outcome};

pub(super) enum Show {
    Page(Box<Page>),
    Lines(Lines),
}

impl Show {
    pub(super) fn begin(as_page: bool) -> Result<Self, Ending> {
        Ok(match as_page {
            true => Show::Page(Box::new(Page::open()?)),
            false => Show::Lines(Lines::new(Paint::of_standard_output())),
        })
    }

    /// The next key; waits for ever where there are none.
    ///
    /// Cancel-safe: a dropped call loses nothing.
    pub(super) async fn key(&mut self) -> Key {
        match self {
            Show::Page(page) => page.key().await,
            Show::Lines(_) => pending().await,
        }
    }

    pub(super) fn turn(&mut self, key: Key) {
        if let Show::Page(page) = self {
            page.turn(key);
        }
    }

    /// The whole tree, at the beginning and at the end; a page shows it all the time.
    pub(super) fn tree(&self, when: &str, tree: &NodeSnapshot) -> Outcome {
        match self {
            Show::Page(_) => Ok(()),
            Show::Lines(lines) => lines.tree(when, tree),
        }
    }

    /// Something has happened; a page has it from the chronicle.
    pub(super) fn entry(&self, entry: &Entry) -> Outcome {
        match self {
            Show::Page(_) => Ok(()),
            Show::Lines(lines) => lines.entry(entry),
        }
    }

    pub(super) fn sight(&mut self, sight: &Sight<'_>) -> Outcome {
        match self {
            Show::Page(page) => page.draw(sight),
            Show::Lines(lines) => lines.progress(sight.at, sight.totals),
        }
    }
}
