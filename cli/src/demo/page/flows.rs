//! What moved so far, a line a flow.

use ratatui::text::Line;

use super::columns::cut;
use super::meter::Flows;
use super::palette::Palette;
use crate::demo::market::Totals;
use crate::tree::count;

const HEAD: [(&str, usize); 9] = [
    ("", 6),
    ("/s", 5),
    ("sent", 8),
    ("received", 8),
    ("under way", 9),
    ("missed", 6),
    ("doubled", 7),
    ("unanswered", 10),
    ("again", 5),
];

/// A head and a line a flow.
pub(super) fn flows(
    totals: &Totals,
    rates: Flows,
    width: usize,
    palette: Palette,
) -> Vec<Line<'static>> {
    let Totals {
        orders,
        questions,
        ticks,
    } = totals;
    let quotes = [
        "quotes".to_owned(),
        count(rates.quotes),
        count(questions.asked()),
        count(questions.answered()),
        count(questions.open()),
        String::new(),
        String::new(),
        count(questions.unanswered()),
        count(questions.asked_again()),
    ];
    let orders = [
        "orders".to_owned(),
        count(rates.orders),
        count(orders.sent()),
        count(orders.received()),
        count(orders.missing()),
        String::new(),
        count(orders.doubled()),
        String::new(),
        count(orders.again()),
    ];
    let ticks = [
        "ticks".to_owned(),
        count(rates.ticks),
        count(ticks.sent()),
        count(ticks.received()),
        count(ticks.open()),
        count(ticks.missing().saturating_sub(ticks.open())),
        count(ticks.doubled()),
        String::new(),
        String::new(),
    ];
    let head = HEAD.map(|(title, _)| title.to_owned());
    vec![
        Line::styled(cut(&line(head), width), palette.quiet()),
        Line::styled(cut(&line(quotes), width), palette.plain()),
        Line::styled(cut(&line(orders), width), palette.plain()),
        Line::styled(cut(&line(ticks), width), palette.plain()),
    ]
}

fn line(cells: [String; HEAD.len()]) -> String {
    let cells = cells.into_iter().zip(HEAD).enumerate();
    let cells = cells.map(|(index, (cell, (_, width)))| match index {
        0 => format!("{cell:<width$}"),
        _ => format!("  {cell:>width$}"),
    });
    cells.collect::<String>().trim_end().to_owned()
}
