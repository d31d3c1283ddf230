//! The demonstration ends by itself, and its numbers add up whatever is killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use crate::process::{Ended, Process, treewire};

/// The rows of a summary: the numbers of a flow by column, those behind other names as they are.
pub(crate) struct Summary {
    flows: BTreeMap<String, BTreeMap<String, u64>>,
    lines: BTreeMap<String, String>,
}

impl Summary {
    #[track_caller]
    pub(crate) fn of(output: &str) -> Self {
        let (_, summary) = output.split_once("What became of it\n\n").expect(output);
        let mut lines = summary.lines();
        // Names of two words are one word apart, columns two.
        let cells = |line: &str| -> Vec<String> {
            let cells = line.split("  ").map(str::trim);
            cells
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let head = cells(lines.next().unwrap());
        let mut summary = Summary {
            flows: BTreeMap::new(),
            lines: BTreeMap::new(),
        };
        for line in lines {
            let cells = cells(line);
            if let [name, value] = &cells[..] {
                summary.lines.insert(name.clone(), value.clone());
                continue;
            }
            let columns = head.iter().cloned().zip(&cells[1..]);
            let columns = columns.filter(|(_, cell)| *cell != "-");
            let columns = columns
                .map(|(column, cell)| (column, number(cell)))
                .collect();
            summary.flows.insert(cells[0].clone(), columns);
        }
        summary
    }

    fn flow(&self, name: &str, column: &str) -> u64 {
        self.flows[name][column]
    }

    /// The number with which a line begins.
    fn line(&self, name: &str) -> u64 {
        number(self.lines[name].split(':').next().unwrap())
    }

    #[track_caller]
    pub(crate) fn adds_up(&self) {
        let orders = |column| self.flow("orders", column);
        assert!(orders("sent") > 0);
        assert_eq!(orders("received"), orders("sent"));
        assert_eq!((orders("lost"), orders("doubled")), (0, 0));
        let quotes = |column| self.flow("quotes", column);
        assert!(quotes("received") > 0);
        assert_eq!(quotes("sent"), quotes("received") + quotes("unanswered"));
        assert_eq!(quotes("lost"), 0);
        let ticks = |column| self.flow("ticks", column);
        assert!(ticks("received") > 0);
        assert_eq!(ticks("sent"), ticks("received") + ticks("lost"));
        assert_eq!(ticks("doubled"), 0);
        if let Some(reasons) = self.lines.get("unanswered") {
            let reasons = reasons.split(", ");
            let counts = reasons.map(|reason| number(reason.split(' ').next().unwrap()));
            assert_eq!(quotes("unanswered"), counts.sum::<u64>());
        }
        if let Some((killed, kinds)) = self.lines["killed"].split_once(": ") {
            let kinds = kinds.split(", ");
            let counts = kinds.map(|kind| number(kind.split(' ').next().unwrap()));
            assert_eq!(number(killed), counts.sum::<u64>());
        }
    }
}

fn number(text: &str) -> u64 {
    text.replace(',', "").parse().expect(text)
}

fn ended_well(demo: Process) -> Ended {
    let demo = demo.end().expect(0);
    assert_eq!(demo.stderr, "");
    demo
}

#[test]
fn a_market_in_which_nothing_is_killed_loses_nothing_and_restarts_nobody() {
    let demo = ended_well(treewire("demo --duration 2s --chaos off"));
    let summary = Summary::of(&demo.stdout);
    summary.adds_up();
    assert_eq!(summary.flow("quotes", "unanswered"), 0);
    assert_eq!(summary.flow("ticks", "lost"), 0);
    for none in ["killed", "panicked", "restarted"] {
        assert_eq!(summary.line(none), 0, "{none}");
    }
    assert!(demo.stdout.contains("nothing is killed"));
    let tree = demo.stdout.split("The tree after").nth(1).unwrap();
    for part in [
        "engine",
        "trader-3",
        "listener ipc://",
        "listener tcp://",
        "filler",
    ] {
        assert!(tree.contains(part), "{part:?} is not in {tree}");
    }
}

#[test]
fn a_market_in_which_everything_is_killed_loses_and_doubles_no_order() {
    let demo = ended_well(treewire("demo --duration 6s --chaos 250ms --seed 7"));
    let summary = Summary::of(&demo.stdout);
    summary.adds_up();
    assert!(summary.line("killed") > 5);
    assert!(summary.line("restarted") > 5);
    assert!(demo.stdout.contains("kills: one every 250ms (seed 7)"));
    let told = |what: &str| demo.stdout.matches(what).count() as u64;
    assert_eq!(told("  ! kill "), summary.line("killed"));
    assert_eq!(told("  ! make "), summary.line("panicked"));
    assert!(told(" is back, generation ") > 5);
}

#[test]
fn ctrl_c_ends_it_in_order_with_the_summary() {
    let mut demo = treewire("demo --duration 1h --chaos 200ms");
    let mut output = String::new();
    let mut stdout = BufReader::new(demo.stdout());
    while !output.contains(" is back, ") {
        assert_ne!(stdout.read_line(&mut output).unwrap(), 0, "{output}");
    }
    let endpoint = output.split("listener ipc://").nth(1).unwrap();
    let file = PathBuf::from(endpoint.split_whitespace().next().unwrap());
    assert!(file.exists());
    demo.signal("INT");
    stdout.read_to_string(&mut output).unwrap();
    demo.end().expect(130);
    Summary::of(&output).adds_up();
    assert!(!file.parent().unwrap().exists());
}

#[test]
fn it_can_be_observed() {
    let mut demo = treewire("demo --duration 1h --observe http://127.0.0.1:0");
    let observer = demo.says("observer at ");
    let tree = treewire(&format!("tree {observer}")).end().expect(0).stdout;
    assert!(tree.starts_with("market "), "{tree}");
    demo.signal("TERM");
    demo.end().expect(143);
}
