//! How far a bench is, on standard error, which is nobody's table.

use std::env::var_os;
use std::io::{IsTerminal, Write, stderr};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Set by whoever reads the lines: a program instead of a person.
const ASKED_FOR: &str = "TREEWIRE_BENCH_PROGRESS";

static TABLES: AtomicUsize = AtomicUsize::new(1);
static TABLES_DONE: AtomicUsize = AtomicUsize::new(0);

/// How many tables this bench will fill; one unless it says so.
pub(crate) fn expect_tables(tables: usize) {
    TABLES.store(tables.max(1), Relaxed);
}

/// A round of the table at hand begins.
pub(super) fn round(round: usize, rounds: usize) {
    let table = TABLES_DONE.load(Relaxed) + 1;
    let tables = TABLES.load(Relaxed).max(table);
    let line = format!("table {table} of {tables}, round {round} of {rounds}");
    if var_os(ASKED_FOR).is_some() {
        eprintln!("progress: {line}");
    } else if stderr().is_terminal() {
        eprint!("\r{line} ");
        // Nothing is lost with it.
        let _ = stderr().flush();
    }
}

/// The table at hand is filled.
pub(super) fn table_done() {
    TABLES_DONE.fetch_add(1, Relaxed);
    if var_os(ASKED_FOR).is_none() && stderr().is_terminal() {
        // Back to the left, and nothing of the line is left.
        eprint!("\r\x1b[K");
    }
}
