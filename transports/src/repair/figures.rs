/// What a repaired link has done so far, in packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairFigures {
    /// Left with data, for the first time.
    pub sent: u64,
    /// Left again, since no word of their arrival came.
    pub repeated: u64,
    /// Arrived though they had before.
    pub doubled: u64,
    /// Arrived and were dropped for want of room; they come again.
    pub beyond: u64,
    /// Dropped: of another link, or of none that was begun.
    pub foreign: u64,
    /// Dropped: not packets of this layer.
    pub malformed: u64,
}
