//! What moved so far, a line a flow.

use ratatui::text::Line;

use super::columns::cut;
use super::meter::Flows;
use super::palette::Palette;
use crate::demo::market::Totals;
use crate::tree::count;

const HEAD: [(&str, usize); 8] = [
    ("", 6),
    ("/s", 6),
    ("sent", 9),
    ("received", 9),
    ("under way", 9),
    ("doubled", 7),
    ("unanswered", 10),
    ("again", 7),
];

/// A head and a line a flow.
pub(super) fn flows(
    totals: &Totals,
    rates: Flows,
    width: usize,
    palette: Palette,
) -> Vec<Line<'static>> {
    let Totals { orders, questions } = totals;
    let quotes = [
        "quotes".to_owned(),
        count(rates.quotes),
        count(questions.asked()),
        count(questions.answered()),
        count(questions.open()),
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
        count(orders.doubled()),
        String::new(),
        String::new(),
    ];
    let head = HEAD.map(|(title, _)| title.to_owned());
    vec![
        Line::styled(cut(&line(head), width), palette.quiet()),
        Line::styled(cut(&line(quotes), width), palette.plain()),
        Line::styled(cut(&line(orders), width), palette.plain()),
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
