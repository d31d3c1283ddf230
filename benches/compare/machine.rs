use std::fs::read_to_string;
use std::thread::available_parallelism;

use treewire_bench_report::Machine;

/// The machine, and how busy it was before the bench began.
pub(crate) fn describe_machine() -> String {
    let Machine {
        cpus,
        model,
        system,
        load,
    } = machine();
    format!("machine: {cpus} CPUs, {model}, {system}, load before the start {load}")
}

/// The same, for a report.
pub(crate) fn machine() -> Machine {
    Machine {
        cpus: available_parallelism().map_or(0, usize::from),
        model: cpu_model().unwrap_or_else(|| "unknown model".to_owned()),
        system: format!("Linux {}", first_words("/proc/sys/kernel/osrelease", 1)),
        load: first_words("/proc/loadavg", 3),
    }
}

fn cpu_model() -> Option<String> {
    let cpu_info = read_to_string("/proc/cpuinfo").ok()?;
    let line = cpu_info
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn first_words(path: &str, count: usize) -> String {
    let text = read_to_string(path).unwrap_or_default();
    text.split_whitespace()
        .take(count)
        .collect::<Vec<_>>()
        .join(" ")
}
