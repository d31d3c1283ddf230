//! Read buffers belong to the arbiter: an idle connection has none.
//!
//! Payloads are slices of the buffer they were read into, so a buffer can be used
//! again only when they are gone. A few buffers take turns, which keeps a busy
//! arbiter from asking the allocator for each read.

use std::cell::RefCell;
use std::collections::VecDeque;

use bytes::BytesMut;

/// Room for one read from a stream.
pub(super) const READ_BYTES: usize = 128 * 1024;

/// How many buffers an arbiter keeps.
const KEPT: usize = 16;

/// What was read into a buffer fills it badly below this size: then it is copied
/// out, so that a small message that waits does not pin a large buffer.
const SPARSE_BYTES: usize = READ_BYTES / 8;

thread_local! {
    static BUFFERS: RefCell<VecDeque<BytesMut>> = const { RefCell::new(VecDeque::new()) };
}

/// An empty buffer with room for a read.
pub(super) fn take() -> BytesMut {
    BUFFERS.with_borrow_mut(|buffers| {
        if let Some(mut oldest) = buffers.pop_front() {
            if oldest.try_reclaim(READ_BYTES) {
                return oldest;
            }
            if buffers.len() + 1 < KEPT {
                buffers.push_back(oldest);
            }
        }
        BytesMut::with_capacity(READ_BYTES)
    })
}

/// Keeps a buffer, whose contents are forgotten, for a later read.
pub(super) fn give_back(mut buffer: BytesMut) {
    buffer.clear();
    BUFFERS.with_borrow_mut(|buffers| {
        if buffers.len() < KEPT && buffer.capacity() > 0 {
            buffers.push_back(buffer);
        }
    });
}

/// What was read, in a buffer that it may pin.
pub(super) fn unpin(buffer: BytesMut) -> BytesMut {
    if buffer.len() >= SPARSE_BYTES || buffer.capacity() < READ_BYTES / 2 {
        return buffer;
    }
    let copy = BytesMut::from(&buffer[..]);
    give_back(buffer);
    copy
}
