use std::fmt;

/// Cuts a link, or frees the address of an acceptor, from any thread: for when the thread that owns it is blocked.
///
/// Both ends of a link that is cut find its end; what had left before still arrives. An acceptor that is cut fails,
/// links that wait to be accepted end, and its address can be listened on again. To drop a cutter cuts nothing; an
/// acceptor is only gone when its cutter is, too, and so may a link be: keep it no longer than those.
pub struct Cutter(Box<dyn FnOnce() + Send>);

impl Cutter {
    /// `cut` neither blocks nor waits for the owner.
    pub fn new(cut: impl FnOnce() + Send + 'static) -> Self {
        Self(Box::new(cut))
    }

    /// Cuts it. What has ended already is left alone.
    pub fn cut(self) {
        (self.0)();
    }
}

impl fmt::Debug for Cutter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cutter")
    }
}
