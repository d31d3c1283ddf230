//! Colours and weights: the terminal's own, so that they read on light and dark ones.

use ratatui::style::{Color, Modifier, Style};

use crate::demo::chronicle::Mark;

#[derive(Clone, Copy)]
pub(super) struct Palette {
    coloured: bool,
}

impl Palette {
    pub(super) fn new(coloured: bool) -> Self {
        Palette { coloured }
    }

    pub(super) fn plain(self) -> Style {
        Style::new()
    }

    pub(super) fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The line at the top.
    pub(super) fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) fn good(self) -> Style {
        self.colour(Style::new(), Color::Green)
    }

    /// Strong, so that it is seen without colours.
    pub(super) fn bad(self) -> Style {
        self.colour(self.strong(), Color::Red)
    }

    pub(super) fn mark(self, mark: Mark) -> Style {
        match mark {
            Mark::Harm => self.colour(self.strong(), Color::Magenta),
            Mark::Ended => self.bad(),
            Mark::Back => self.good(),
            Mark::Waiting | Mark::Note => self.plain(),
        }
    }

    fn colour(self, style: Style, colour: Color) -> Style {
        match self.coloured {
            true => style.fg(colour),
            false => style,
        }
    }
}
