//! The rows of the tree in columns, as many as there is room for.

use ratatui::text::{Line, Span};

use super::palette::Palette;
use super::rows::{Condition, Row};
use crate::tree::count;

/// Which columns there are, and how wide.
pub(super) struct Columns {
    width: usize,
    name: usize,
    others: Vec<Column>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Kind,
    State,
    Generation,
    Restarts,
    Received,
    Sent,
    Queued,
    LastExit,
}

/// In the order in which they stand.
const ALL: [Column; 8] = [
    Column::Kind,
    Column::State,
    Column::Generation,
    Column::Restarts,
    Column::Received,
    Column::Sent,
    Column::Queued,
    Column::LastExit,
];

/// Which go first where there is no room.
const DISPENSABLE: [Column; 8] = [
    Column::LastExit,
    Column::Kind,
    Column::Queued,
    Column::Generation,
    Column::Sent,
    Column::Received,
    Column::State,
    Column::Restarts,
];

/// Between two columns.
const GAP: usize = 2;

/// Names that are cut further say nothing.
const NAME_MIN: usize = 24;

impl Columns {
    pub(super) fn fitting(rows: &[Row], width: usize) -> Self {
        let names = rows
            .iter()
            .map(|row| chars(&row.branches) + chars(&row.name));
        let name = names.max().unwrap_or_default();
        let needed = name.min(NAME_MIN);
        let mut others = ALL.to_vec();
        let taken = |columns: &[Column]| -> usize {
            columns.iter().map(|column| GAP + column.width()).sum()
        };
        for column in DISPENSABLE {
            if needed + taken(&others) <= width {
                break;
            }
            others.retain(|other| *other != column);
        }
        let name = name.min(width.saturating_sub(taken(&others)));
        Columns {
            width,
            name,
            others,
        }
    }

    pub(super) fn head(&self, palette: Palette) -> Line<'static> {
        let mut text = " ".repeat(self.name);
        for column in &self.others {
            text.push_str(&column.padded(column.title()));
        }
        Line::styled(text, palette.quiet())
    }

    pub(super) fn line(&self, row: &Row, palette: Palette) -> Line<'static> {
        let style = match row.condition {
            Condition::Well => palette.plain(),
            Condition::Back => palette.good(),
            Condition::Away => palette.bad(),
        };
        let branches = cut(&row.branches, self.name);
        let room = self.name - chars(&branches);
        let name = cut(&row.name, room);
        let padding = " ".repeat(room - chars(&name));
        let mut spans = vec![
            Span::styled(branches, palette.quiet()),
            Span::styled(name, style),
            Span::raw(padding),
        ];
        let mut room = self.width - self.name;
        for column in &self.others {
            let cell = cut(&column.padded(&column.cell(row)), room);
            room -= chars(&cell);
            let style = match column {
                Column::State => style,
                Column::Restarts if row.restarts > 0 => palette.strong(),
                Column::Kind | Column::LastExit => palette.quiet(),
                _ => palette.plain(),
            };
            spans.push(Span::styled(cell, style));
        }
        Line::from(spans)
    }
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Column::Kind => "kind",
            Column::State => "state",
            Column::Generation => "gen",
            Column::Restarts => "restarts",
            Column::Received => "in/s",
            Column::Sent => "out/s",
            Column::Queued => "queued",
            Column::LastExit => "last exit",
        }
    }

    /// Without the gap before it; the last one has whatever is left beyond that.
    fn width(self) -> usize {
        match self {
            Column::Kind => 10,
            Column::State => 11,
            Column::Generation => 4,
            Column::Restarts => 8,
            Column::Received | Column::Sent => 6,
            Column::Queued => 6,
            Column::LastExit => 18,
        }
    }

    /// What is 0 or ordinary is not worth a sign.
    fn cell(self, row: &Row) -> String {
        let number = |number: u64| match number {
            0 => String::new(),
            number => count(number),
        };
        match self {
            Column::Kind => row.kind.clone(),
            Column::State => row.state.clone(),
            Column::Generation => count(row.generation),
            Column::Restarts => number(row.restarts),
            Column::Received => number(row.received),
            Column::Sent => number(row.sent),
            Column::Queued => number(row.queued),
            Column::LastExit => row.last_exit.clone(),
        }
    }

    fn padded(self, text: &str) -> String {
        let (gap, width) = (" ".repeat(GAP), self.width());
        match self {
            Column::Kind | Column::State => format!("{gap}{text:<width$}"),
            Column::LastExit => format!("{gap}{text}"),
            _ => format!("{gap}{text:>width$}"),
        }
    }
}

/// The beginning of a text, with a sign where it was longer.
pub(super) fn cut(text: &str, width: usize) -> String {
    if chars(text) <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    if width > 0 {
        cut.push('…');
    }
    cut
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(name: &str, width: usize) -> String {
        let row = Row {
            name: name.into(),
            ..Row::default()
        };
        let columns = Columns::fitting(&[row], width);
        let titles: Vec<&str> = columns.others.iter().map(|column| column.title()).collect();
        format!("{} {}", columns.name, titles.join(" "))
    }

    #[test]
    fn columns_go_where_there_is_no_room() {
        let long = "n".repeat(40);
        for (width, expected) in [
            (
                200,
                "40 kind state gen restarts in/s out/s queued last exit",
            ),
            (
                110,
                "25 kind state gen restarts in/s out/s queued last exit",
            ),
            (80, "27 state gen restarts in/s out/s queued"),
            (60, "29 state restarts in/s"),
            (30, "30 "),
            (5, "5 "),
            (0, "0 "),
        ] {
            assert_eq!(titles(&long, width), expected, "{width}");
        }
    }

    #[test]
    fn a_text_is_cut_with_a_sign() {
        for (width, expected) in [
            (9, "trader-1"),
            (8, "trader-1"),
            (4, "tra…"),
            (1, "…"),
            (0, ""),
        ] {
            assert_eq!(cut("trader-1", width), expected);
        }
    }
}
