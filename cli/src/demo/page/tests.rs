//! Screens of many sizes.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;
use treewire::runtime::{ChildSnapshot, ChildState};

use super::*;
use crate::demo::chronicle::Mark;
use crate::tree::tests::{child, node};

/// A market of some depth, one of whose connections is away.
fn market() -> NodeSnapshot {
    let worker = |number: u64| {
        let connection = child("connection …/orders", "connection", vec![]);
        let dialer = child("dialer ipc://…/orders", "dialer", vec![connection]);
        let filler = child("filler", "actor", vec![]);
        let socket = child("orders-in", "pull", vec![dialer]);
        let worker = format!("worker-{number}");
        child(&worker, "supervisor", vec![filler, socket])
    };
    let mut desk = child("desk", "actor", vec![]);
    desk.generation = 3;
    desk.restarts = 2;
    let away = ChildSnapshot {
        state: ChildState::BackingOff,
        ..child("trader-1", "actor", vec![])
    };
    let workers = (1..=3).map(worker);
    let orders = [desk].into_iter().chain(workers).collect();
    node(vec![child("orders", "supervisor", orders), away])
}

fn entries() -> VecDeque<Entry> {
    let entry = |number: u64| Entry {
        at: Duration::from_secs(number),
        mark: if number == 20 { Mark::Harm } else { Mark::Back },
        text: format!("entry {number} about traders/trader-1/market/dialer tcp://127.0.0.1:44545"),
    };
    (1..=20).map(entry).collect()
}

struct Drawn {
    terminal: Terminal<TestBackend>,
    lines: Vec<String>,
}

fn drawn(width: u16, height: u16, view: &mut View, coloured: bool) -> Drawn {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let (tree, entries) = (market(), entries());
    let scene = Scene {
        title: "12 of 30 s  4 killed, one every 3s (seed 42)  11 restarted",
        tree: &tree,
        meter: &Meter::default(),
        totals: &Totals::default(),
        entries: &entries,
        shorten: &|text| text.to_owned(),
    };
    let palette = Palette::new(coloured);
    terminal
        .draw(|frame| draw(&scene, view, palette, frame))
        .unwrap();
    let buffer = terminal.backend().buffer();
    let lines = buffer.content.chunks(usize::from(width).max(1));
    let lines = lines.map(|cells| cells.iter().map(|cell| cell.symbol()).collect::<String>());
    let lines = lines.map(|line| line.trim_end().to_owned()).collect();
    Drawn { terminal, lines }
}

#[test]
fn a_large_screen_shows_everything() {
    let Drawn { lines, .. } = drawn(140, 50, &mut View::default(), true);
    let text = lines.join("\n");
    for part in [
        " treewire demo  12 of 30 s  4 killed, one every 3s (seed 42)  11 restarted",
        "c connections · q ends",
        "kind        state         gen  restarts    in/s   out/s  queued  last exit",
        "├─ orders ",
        "│  ├─ desk                          actor       running         3         2",
        "│        └─ dialer ipc://…/orders",
        "│           └─ connection …/orders",
        "└─ trader-1                         actor       backing off     1",
        "under way",
        "\nquotes ",
        "\norders ",
        "\nticks ",
        "  20.00 s  ! entry 20 about traders/trader-1/market/dialer tcp://127.0.0.1:44545",
    ] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert!(!text.contains("rows "), "nothing is cut:\n{text}");
}

#[test]
fn a_usual_terminal_folds_connections_and_keeps_flows_and_the_newest_entries() {
    let mut view = View::default();
    let Drawn { lines, .. } = drawn(80, 24, &mut view, true);
    let text = lines.join("\n");
    assert!(view.is_folded);
    assert!(text.contains("orders-in, 1 peer "), "{text}");
    assert!(!text.contains("dialer ipc"), "{text}");
    assert!(text.contains("trader-1 "), "{text}");
    assert!(
        text.contains("entry 20 ") && text.contains("entry 17 "),
        "{text}"
    );
    assert!(
        lines.iter().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

#[test]
fn what_is_cut_is_said_and_can_be_scrolled_to() {
    let mut view = View {
        folded: Some(false),
        ..View::default()
    };
    let cut = |view: &mut View| {
        let Drawn { lines, .. } = drawn(80, 24, view, true);
        let line = lines.iter().find(|line| line.contains("… rows")).cloned();
        (lines[2].clone(), line.expect("some rows are cut"))
    };
    let (first, said) = cut(&mut view);
    assert!(first.starts_with("├─ orders"), "{first}");
    assert_eq!(
        said,
        "… rows 1 to 11 of 18 · ↑ ↓ for the others · c connections · q ends"
    );
    view.scroll = usize::MAX;
    let (first, said) = cut(&mut view);
    assert!(!first.starts_with("├─ orders"), "{first}");
    assert_eq!(
        said,
        "… rows 8 to 18 of 18 · ↑ ↓ for the others · c connections · q ends"
    );
    assert_eq!((view.scroll, view.page), (7, 11));
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let heights = (0..=30).chain([100]);
    for height in heights {
        for width in [0, 1, 2, 5, 10, 15, 20, 24, 30, 40, 60, 79, 80, 120, 300] {
            for folded in [None, Some(true), Some(false)] {
                let mut view = View {
                    folded,
                    scroll: 1_000,
                    ..View::default()
                };
                let Drawn { lines, .. } = drawn(width, height, &mut view, true);
                if width >= 15 && height >= 1 {
                    assert!(lines[0].starts_with(" treewire demo"), "{width}x{height}");
                }
            }
        }
    }
}

#[test]
fn without_colours_there_are_none() {
    let colours = |coloured| {
        let Drawn { terminal, .. } = drawn(140, 50, &mut View::default(), coloured);
        let cells = terminal.backend().buffer().content.iter();
        let coloured = cells.filter(|cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset));
        coloured.count()
    };
    assert_eq!(colours(false), 0);
    assert!(colours(true) > 0);
}
