//! Catching panics with their text and place.
//!
//! `catch_unwind` hands over the payload but not the place, and the global hook
//! runs before it. One hook is installed once; it keeps the place for threads
//! that are inside [`catch`] and passes every other panic to the hook that was
//! there before.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use serde::{Deserialize, Serialize};

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panic {
    /// The text given to `panic!`.
    pub text: String,
    /// `file:line` of the panic.
    pub place: String,
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.text, self.place)
    }
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `code`; a panic in it becomes a value and is not printed.
pub(crate) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, Panic> {
    install_hook();
    let outer = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(code));
    CATCHING.set(outer);
    result.map_err(|payload| {
        let text = text(&*payload).to_owned();
        // The payload is the user's own value: its destructor may panic, too.
        if catch_unwind(AssertUnwindSafe(|| drop(payload))).is_err() {
            tracing::warn!("the payload of a panic panicked while it was dropped");
        }
        Panic {
            text,
            place: PLACE.take().unwrap_or_else(|| "unknown place".into()),
        }
    })
}

/// Runs user code that nobody waits for; a panic in `what` is logged.
pub(crate) fn survive<T>(what: &str, code: impl FnOnce() -> T) -> Option<T> {
    catch(code)
        .inspect_err(|panic| tracing::warn!("{what} panicked: {panic}"))
        .ok()
}

fn text(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a value that is not text"
    }
}

fn install_hook() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return previous(info);
            }
            let place = info
                .location()
                .map(|at| format!("{}:{}", at.file(), at.line()));
            PLACE.set(place);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_place_are_kept() {
        let panic = catch(|| panic!("boom {}", 7)).unwrap_err();
        assert_eq!(panic.text, "boom 7");
        assert!(panic.place.contains("panics.rs:"), "{}", panic.place);
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_survived() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        let panic = catch(|| std::panic::panic_any(Bomb)).unwrap_err();
        assert_eq!(panic.text, "a value that is not text");
    }
}
