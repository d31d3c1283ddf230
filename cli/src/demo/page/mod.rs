//! The demonstration as a page of a terminal that refreshes.

mod columns;
mod flows;
mod meter;
mod palette;
mod rows;
mod screen;
mod terminal;

use std::collections::VecDeque;
use std::io::{IsTerminal, stdout};
use std::time::Duration;

use ratatui::Frame;
use treewire::NodeSnapshot;

use super::chronicle::Entry;
use super::market::Totals;
use super::paint::colours_are_wanted;
use crate::ending::{Ending, Outcome};
use meter::Meter;
use palette::Palette;
use screen::{Scene, View, screen};
pub(super) use terminal::Key;
use terminal::Screen;

/// What a page is drawn from.
pub(super) struct Sight<'a> {
    pub(super) title: &'a str,
    /// Since the beginning.
    pub(super) at: Duration,
    pub(super) tree: &'a NodeSnapshot,
    pub(super) totals: &'a Totals,
    pub(super) entries: &'a VecDeque<Entry>,
    /// Makes names and texts shorter.
    pub(super) shorten: &'a dyn Fn(&str) -> String,
}

pub(super) struct Page {
    screen: Screen,
    view: View,
    meter: Meter,
    palette: Palette,
}

/// Whether standard output can be a page.
pub(super) fn is_possible() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
    stdout().is_terminal() && !is_dumb
}

/// To be called before there is a node, whose panics are not for us.
pub(super) fn prepare() {
    terminal::restore_on_panic();
}

impl Page {
    /// Takes the terminal until it is dropped.
    pub(super) fn open() -> Result<Self, Ending> {
        Ok(Page {
            screen: Screen::take().map_err(unusable)?,
            view: View::default(),
            meter: Meter::default(),
            palette: Palette::new(colours_are_wanted()),
        })
    }

    /// The next key that means something; waits for ever when there will be none.
    ///
    /// Cancel-safe: a dropped call loses nothing.
    pub(super) async fn key(&mut self) -> Key {
        match self.screen.keys.recv().await {
            Some(key) => key,
            None => std::future::pending().await,
        }
    }

    /// Does what a key asks of the page.
    pub(super) fn turn(&mut self, key: Key) {
        let View { scroll, page, .. } = self.view;
        match key {
            Key::Up => self.view.scroll = scroll.saturating_sub(1),
            Key::Down => self.view.scroll = scroll + 1,
            Key::PageUp => self.view.scroll = scroll.saturating_sub(page),
            Key::PageDown => self.view.scroll = scroll + page,
            Key::Connections => self.view.folded = Some(!self.view.is_folded),
            Key::End | Key::Interrupt | Key::Resized => {}
        }
    }

    pub(super) fn draw(&mut self, sight: &Sight<'_>) -> Outcome {
        self.meter.look(sight.at, sight.tree, sight.totals);
        let scene = Scene {
            title: sight.title,
            tree: sight.tree,
            meter: &self.meter,
            totals: sight.totals,
            entries: sight.entries,
            shorten: sight.shorten,
        };
        let (view, palette) = (&mut self.view, self.palette);
        let drawn = self.screen.terminal.draw(|frame| {
            draw(&scene, view, palette, frame);
        });
        drawn.map(drop).map_err(unusable)
    }
}

fn draw(scene: &Scene<'_>, view: &mut View, palette: Palette, frame: &mut Frame<'_>) {
    let area = frame.area();
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    let lines = screen(scene, view, width, height, palette);
    for (y, line) in (area.y..area.bottom()).zip(&lines) {
        frame.buffer_mut().set_line(area.x, y, line, area.width);
    }
}

fn unusable(error: std::io::Error) -> Ending {
    Ending::Failed(format!("cannot use the terminal: {error}"))
}

#[cfg(test)]
mod tests;
