use std::fmt::{self, Display};

use super::Spread;

/// Rows of text in columns as wide as they must be; the first column is a name, the others are figures.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Table {
            rows: vec![headings.iter().map(ToString::to_string).collect()],
        }
    }

    /// Adds a row. It may have fewer cells than there are headings.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

impl Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            for (column, cell) in row.iter().enumerate() {
                let width = self.width(column);
                match column {
                    0 => write!(formatter, "{cell:<width$}")?,
                    _ => write!(formatter, "   {cell:>width$}")?,
                }
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

/// A figure with three significant digits and a thousands suffix: `1.25 M`.
pub(crate) fn amount(figure: f64) -> String {
    let (scaled, suffix) = match figure {
        _ if figure >= 1e6 => (figure / 1e6, " M"),
        _ if figure >= 1e3 => (figure / 1e3, " k"),
        _ => (figure, ""),
    };
    let decimals = match scaled {
        _ if scaled >= 100.0 => 0,
        _ if scaled >= 10.0 => 1,
        _ => 2,
    };
    format!("{scaled:.decimals$}{suffix}")
}

/// A payload size: `16 B`, `8 KiB`.
pub(crate) fn bytes(size_bytes: usize) -> String {
    if size_bytes >= 1024 && size_bytes.is_multiple_of(1024) {
        format!("{} KiB", size_bytes / 1024)
    } else {
        format!("{size_bytes} B")
    }
}

/// The medians' ratio, treewire over rival; a dash where there is no treewire.
pub(crate) fn ratio(treewire: Option<Spread>, rival: Spread) -> String {
    treewire.map_or_else(
        || "-".to_owned(),
        |treewire| format!("{:.2}", treewire.median / rival.median),
    )
}
