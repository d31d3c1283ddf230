/// Treewire's own default bound in bytes. A queue longer than this only costs cache misses, libzmq's most of all.
const BOUND_BYTES: usize = 16 * 1024 * 1024;

/// The messages each side may queue: `most`, or fewer when their payloads would exceed 16 MiB.
pub(crate) fn bound_messages(most: usize, size_bytes: usize) -> usize {
    most.min(BOUND_BYTES / size_bytes.max(1)).max(1)
}
