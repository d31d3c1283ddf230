//! Colours of lines that go to a terminal; they read well on light and dark ones.

use std::io::{IsTerminal, stdout};

use super::chronicle::Mark;

#[derive(Clone, Copy)]
pub(super) struct Paint {
    styled: bool,
    coloured: bool,
}

impl Paint {
    /// Plain unless standard output is a terminal; without colours if `NO_COLOR` is set.
    pub(super) fn of_standard_output() -> Self {
        let styled = stdout().is_terminal();
        Paint {
            styled,
            coloured: styled && colours_are_wanted(),
        }
    }

    pub(super) fn bold(self, text: &str) -> String {
        style(self.styled, "1", text)
    }

    pub(super) fn mark(self, mark: Mark, text: &str) -> String {
        match mark {
            Mark::Harm => style(self.coloured, "1;35", text),
            Mark::Ended => style(self.coloured, "31", text),
            Mark::Back => style(self.coloured, "32", text),
            Mark::Waiting | Mark::Note => text.to_owned(),
        }
    }
}

/// As <https://no-color.org> has it.
pub(super) fn colours_are_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

fn style(wanted: bool, style: &str, text: &str) -> String {
    if wanted {
        format!("\x1b[{style}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
