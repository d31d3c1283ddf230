//! The terminal while the page has it, and how it comes back whatever happens.

use std::io::{self, Stdout, stdout};
use std::panic::{set_hook, take_hook};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What the audience wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Key {
    End,
    /// Ctrl-C, which is no signal while the page has the terminal.
    Interrupt,
    Up,
    Down,
    PageUp,
    PageDown,
    Connections,
    /// The size of the terminal is another one.
    Resized,
}

/// The whole screen, until it is dropped.
pub(super) struct Screen {
    pub(super) terminal: Terminal<CrosstermBackend<Stdout>>,
    pub(super) keys: UnboundedReceiver<Key>,
    ended: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
}

/// Whether the terminal is ours, for whoever has to give it back.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// How long the reader of keys may take to hear that it is over.
const PATIENCE: Duration = Duration::from_millis(50);

/// From now on a panic gives the terminal back before it is told. Panics of actors are none
/// of this hook's business: a node that starts later catches them before it.
pub(super) fn restore_on_panic() {
    let previous = take_hook();
    set_hook(Box::new(move |panic| {
        restore();
        previous(panic);
    }));
}

impl Screen {
    pub(super) fn take() -> io::Result<Self> {
        let terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
        let (sender, keys) = unbounded_channel();
        let ended = Arc::new(AtomicBool::new(false));
        // From here on the drop of the screen gives it back.
        let mut screen = Screen {
            terminal,
            keys,
            ended: ended.clone(),
            reader: None,
        };
        IS_TAKEN.store(true, SeqCst);
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, Clear(ClearType::All), Hide)?;
        let reader = thread::Builder::new().name("keys".into());
        screen.reader = Some(reader.spawn(move || read(&sender, &ended))?);
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.ended.store(true, SeqCst);
        if let Some(reader) = self.reader.take() {
            // So that it reads nothing any more that is typed for the shell. Of a terminal that
            // is gone it never comes back.
            let deadline = Instant::now() + 4 * PATIENCE;
            while !reader.is_finished() && Instant::now() < deadline {
                thread::sleep(PATIENCE / 10);
            }
        }
        restore();
    }
}

fn restore() {
    if IS_TAKEN.swap(false, SeqCst) {
        // A terminal that is gone needs nothing.
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

fn read(keys: &UnboundedSender<Key>, ended: &AtomicBool) {
    while !ended.load(SeqCst) {
        let key = match event::poll(PATIENCE) {
            Ok(false) => continue,
            Ok(true) => event::read().ok().map(|event| key(&event)),
            Err(_) => None,
        };
        match key {
            Some(Some(key)) if keys.send(key).is_err() => return,
            Some(_) => {}
            // A terminal that cannot be read has no more keys.
            None => return,
        }
    }
}

fn key(event: &Event) -> Option<Key> {
    let key = match event {
        Event::Resize(..) => return Some(Key::Resized),
        Event::Key(key) if key.kind != KeyEventKind::Release => key,
        _ => return None,
    };
    let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if with_control => Some(Key::Interrupt),
        KeyCode::Char('q') | KeyCode::Esc => Some(Key::End),
        KeyCode::Char('c') => Some(Key::Connections),
        KeyCode::Up | KeyCode::Char('k') => Some(Key::Up),
        KeyCode::Down | KeyCode::Char('j') => Some(Key::Down),
        KeyCode::PageUp => Some(Key::PageUp),
        KeyCode::PageDown | KeyCode::Char(' ') => Some(Key::PageDown),
        _ => None,
    }
}
