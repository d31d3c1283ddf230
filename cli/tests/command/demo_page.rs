//! The demonstration as a page of a terminal, which it gives back as it was.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::demo::Summary;
use crate::process::{signal, until};

const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";
const SHOW_CURSOR: &str = "\x1b[?25h";

/// Where the seconds stand in the title, which are drawn alone when they change: by then there
/// was traffic.
const NEXT_SECOND: &str = "\x1b[1;17H";

/// Ends with the test, however that ends.
struct Demo(Child);

impl Demo {
    fn start(arguments: &str, line: &OwnedFd) -> Self {
        let stream = || line.try_clone().unwrap();
        let demo = Command::new(env!("CARGO_BIN_EXE_treewire"))
            .args(arguments.split_whitespace())
            .env_remove("RUST_LOG")
            .env_remove("NO_COLOR")
            .env("TERM", "xterm-256color")
            .stdin(stream())
            .stdout(stream())
            .stderr(stream())
            .spawn();
        Demo(demo.unwrap())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The demonstration in a terminal of its own.
struct Terminal {
    demo: Demo,
    keyboard: File,
    /// The side of the demonstration, which stays open to be asked how it was left.
    line: OwnedFd,
    shown: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    fn of(arguments: &str, columns: u16, rows: u16) -> Self {
        let (screen, line) = pair(columns, rows);
        let demo = Demo::start(arguments, &line);
        let shown = Arc::<Mutex<String>>::default();
        let mut screen = File::from(screen);
        let keyboard = screen.try_clone().unwrap();
        let kept = shown.clone();
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4_096];
            // The last side that closes is ours: until then somebody may write.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]);
                kept.lock().unwrap().push_str(&text);
            }
        });
        Terminal {
            demo,
            keyboard,
            line,
            shown,
            reader,
        }
    }

    fn shows(&self, text: &str) -> bool {
        self.shown.lock().unwrap().contains(text)
    }

    #[track_caller]
    fn until_shown(&self, text: &str) {
        until(&format!("{text:?} is shown"), || self.shows(text));
    }

    fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.line).unwrap().local_modes;
        !modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for its end; what came after the page.
    #[track_caller]
    fn left_as_it_was(mut self, code: i32) -> String {
        let mut status = None;
        until("the demonstration ends", || {
            status = self.demo.0.try_wait().unwrap();
            status.is_some()
        });
        assert!(!self.is_raw());
        drop(self.line);
        self.reader.join().unwrap();
        let shown = self.shown.lock().unwrap();
        assert_eq!(status.unwrap().code(), Some(code), "{shown}");
        assert_eq!(shown.matches(ENTER).count(), 1);
        let (_, after) = shown.split_once(LEAVE).expect("it leaves the page");
        assert!(after.contains(SHOW_CURSOR));
        after.replace("\r\n", "\n").replace("\x1b[0m", "")
    }
}

/// The two sides of a terminal: the screen, and the line to the program.
fn pair(columns: u16, rows: u16) -> (OwnedFd, OwnedFd) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let screen = openpt(flags).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let line = open(name, flags, Mode::empty()).unwrap();
    resize(&line, columns, rows);
    (screen, line)
}

fn resize(line: &OwnedFd, columns: u16, rows: u16) {
    let size = Winsize {
        ws_col: columns,
        ws_row: rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(line, size).unwrap();
}

#[test]
fn a_page_refreshes_takes_keys_and_ends_with_the_summary() {
    let mut terminal = Terminal::of("demo --duration 1h --chaos 200ms", 80, 24);
    terminal.until_shown("treewire demo");
    assert!(terminal.is_raw());
    // What comes back is told in colour.
    terminal.until_shown(" is back, generation ");
    assert!(terminal.shows("\x1b[38;5;2"));
    terminal.press("c");
    terminal.until_shown("listener tcp://");
    terminal.press("\x1b[6~\x1b[6~\x1b[6~");
    terminal.until_shown("worker-3");
    resize(&terminal.line, 20, 5);
    signal(terminal.demo.0.id(), "WINCH");
    terminal.until_shown("… rows");
    terminal.press("q");
    // A key that comes together with a new size may lie unread until the next one comes.
    let mut pressed = Instant::now();
    until("the page ends", || {
        if pressed.elapsed() > Duration::from_secs(2) {
            terminal.press("\x1b[A");
            pressed = Instant::now();
        }
        terminal.shows(LEAVE)
    });
    let summary = terminal.left_as_it_was(0);
    Summary::of(&summary).adds_up();
}

#[test]
fn a_page_gives_the_terminal_back_when_it_is_interrupted() {
    let mut terminal = Terminal::of("demo --duration 1h", 100, 30);
    terminal.until_shown(NEXT_SECOND);
    terminal.press("\x03");
    let summary = terminal.left_as_it_was(130);
    Summary::of(&summary).adds_up();

    let terminal = Terminal::of("demo --duration 1h", 100, 30);
    terminal.until_shown(NEXT_SECOND);
    signal(terminal.demo.0.id(), "TERM");
    let summary = terminal.left_as_it_was(143);
    Summary::of(&summary).adds_up();
}

#[test]
fn logs_are_not_written_across_a_page() {
    let terminal = Terminal::of("demo -v --duration 1s", 80, 24);
    terminal.until_shown("restarted ");
    assert!(!terminal.shows(ENTER));
}

#[test]
fn a_page_whose_terminal_goes_away_ends() {
    let (screen, line) = pair(80, 24);
    let mut demo = Demo::start("demo --duration 1h", &line);
    drop(line);
    let mut screen = File::from(screen);
    let mut shown = Vec::new();
    let mut bytes = [0; 4_096];
    while !String::from_utf8_lossy(&shown).contains("treewire demo") {
        let count = screen.read(&mut bytes).unwrap();
        shown.extend_from_slice(&bytes[..count]);
    }
    drop(screen);
    until("the demonstration ends", || {
        demo.0.try_wait().unwrap().is_some()
    });
}
