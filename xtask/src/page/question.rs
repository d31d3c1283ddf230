use std::fmt::Write;

use treewire_bench_report::Report;

use super::tables::tables;

/// What one bench gave.
pub(super) fn section<'a>(report: &Report, plots: impl Iterator<Item = &'a str>) -> String {
    let mut section = format!("## {}\n\n", report.question);
    let machine = &report.machine;
    // Writing to a string does not fail.
    let _ = writeln!(
        section,
        "`{}`, {}; {} CPUs, {}, {}, load before the start {}\n",
        report.command, report.date, machine.cpus, machine.model, machine.system, machine.load
    );
    for plot in plots {
        let title = plot.trim_end_matches(".svg").replace(['_', '-'], " ");
        let _ = writeln!(section, "![{title}](figures/{plot})\n");
    }
    for table in tables(report) {
        let _ = writeln!(section, "{table}");
    }
    if !report.settings.is_empty() {
        section += "Settings:\n\n";
        for settings in &report.settings {
            let _ = writeln!(section, "- {}: {}", settings.of, settings.text);
        }
    }
    if !report.failures.is_empty() {
        section += "\nWithout a figure:\n\n";
        for failure in &report.failures {
            let _ = writeln!(section, "- {}", failure.replace('\n', " "));
        }
    }
    section
}
