//! What stands where on a screen of a certain size.

use std::collections::VecDeque;

use ratatui::text::{Line, Span};
use treewire::NodeSnapshot;

use super::columns::{Columns, cut};
use super::flows::flows;
use super::meter::Meter;
use super::palette::Palette;
use super::rows::{Row, rows};
use crate::demo::chronicle::Entry;
use crate::demo::market::Totals;

/// What there is to show.
pub(super) struct Scene<'a> {
    pub(super) title: &'a str,
    pub(super) tree: &'a NodeSnapshot,
    pub(super) meter: &'a Meter,
    pub(super) totals: &'a Totals,
    pub(super) entries: &'a VecDeque<Entry>,
    /// Makes names and texts shorter.
    pub(super) shorten: &'a dyn Fn(&str) -> String,
}

/// What the audience chose to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// Rows of the tree above the first that is shown.
    pub(super) scroll: usize,
    /// Whether connections are not shown; `None` as there is room.
    pub(super) folded: Option<bool>,
    /// Whether they were shown last.
    pub(super) is_folded: bool,
    /// What a page of the tree is.
    pub(super) page: usize,
}

/// Below this many lines there is the tree alone, and then the tree with the flows.
const HEIGHT_FOR_FLOWS: usize = 12;
const HEIGHT_FOR_ENTRIES: usize = 16;

/// How many entries are shown, as there is room.
const ENTRIES_MIN: usize = 4;
const ENTRIES_MAX: usize = 12;

const KEYS: &str = "c connections · q ends";

/// The lines of the screen from its top, no more and none longer than there is room for.
/// What is out of range in `view` is put right.
pub(super) fn screen(
    scene: &Scene<'_>,
    view: &mut View,
    width: usize,
    height: usize,
    palette: Palette,
) -> Vec<Line<'static>> {
    let rule = || Line::styled("─".repeat(width), palette.quiet());
    let mut flows = match height {
        HEIGHT_FOR_FLOWS.. => flows(scene.totals, scene.meter.flows(), width, palette),
        _ => Vec::new(),
    };
    if !flows.is_empty() {
        flows.insert(0, rule());
    }
    // The title and the head of the columns.
    let room = height.saturating_sub(2 + flows.len());
    let entries_min = match height {
        HEIGHT_FOR_ENTRIES.. => 1 + ENTRIES_MIN,
        _ => 0,
    };
    let all = rows(scene.tree, scene.meter, false, scene.shorten);
    view.is_folded = view.folded.unwrap_or(all.len() > room - entries_min);
    let rows = match view.is_folded {
        true => rows(scene.tree, scene.meter, true, scene.shorten),
        false => all,
    };
    let mut entries = Vec::new();
    if entries_min > 0 {
        let left = room.saturating_sub(rows.len() + 1);
        let newest = entries_shown(scene.entries, left.clamp(ENTRIES_MIN, ENTRIES_MAX));
        entries.push(rule());
        entries.extend(newest.map(|entry| line_of(entry, width, palette)));
    }
    let room = match entries_min {
        0 => room,
        _ => room - entries.len().max(entries_min),
    };
    let mut lines = vec![title(scene.title, width, palette)];
    lines.extend(tree(&rows, view, width, room, palette));
    lines.extend(flows);
    lines.extend(entries);
    lines.truncate(height);
    lines
}

fn title(text: &str, width: usize, palette: Palette) -> Line<'static> {
    let text = cut(&format!(" treewire demo  {text}"), width);
    let room = width - text.chars().count();
    let keys = if room > KEYS.chars().count() {
        KEYS
    } else {
        ""
    };
    Line::styled(format!("{text}{keys:>room$}"), palette.bar())
}

/// The head, and as many rows as there is room for; where some are left out a line says so.
fn tree(
    rows: &[Row],
    view: &mut View,
    width: usize,
    room: usize,
    palette: Palette,
) -> Vec<Line<'static>> {
    let columns = Columns::fitting(rows, width);
    let shown = match rows.len() > room {
        true => room.saturating_sub(1),
        false => rows.len(),
    };
    view.scroll = view.scroll.min(rows.len() - shown);
    view.page = shown;
    let mut lines = vec![columns.head(palette)];
    let visible = &rows[view.scroll..view.scroll + shown];
    lines.extend(visible.iter().map(|row| columns.line(row, palette)));
    if shown < rows.len() && room > 0 {
        let (first, last, all) = (view.scroll + 1, view.scroll + shown, rows.len());
        let text = match shown {
            0 => format!("… {all} rows, no room for them"),
            _ => format!("… rows {first} to {last} of {all} · ↑ ↓ for the others · {KEYS}"),
        };
        lines.push(Line::styled(cut(&text, width), palette.strong()));
    }
    lines
}

/// The newest, oldest first.
fn entries_shown(entries: &VecDeque<Entry>, count: usize) -> impl Iterator<Item = &Entry> {
    entries.range(entries.len().saturating_sub(count)..)
}

fn line_of(entry: &Entry, width: usize, palette: Palette) -> Line<'static> {
    let at = format!("{:7.2} s  ", entry.at.as_secs_f64());
    let sign = format!("{} ", entry.mark.sign());
    let room = width.saturating_sub(at.chars().count() + sign.chars().count());
    Line::from(vec![
        Span::styled(at, palette.quiet()),
        Span::styled(sign, palette.mark(entry.mark)),
        Span::raw(cut(&entry.text, room)),
    ])
}
