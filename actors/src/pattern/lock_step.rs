/// Whether a req socket asks one thing at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockStep {
    /// Any number of requests may be under way.
    #[default]
    Off,
    /// A request is refused as long as the one before it is under way: not answered, failed or
    /// given up ([`SendError::is_out_of_step`](crate::SendError::is_out_of_step)).
    Strict,
    /// A request takes the place of the one before it, which is cancelled and fails with
    /// [`RequestError::Superseded`](crate::RequestError::Superseded).
    Relaxed,
}
