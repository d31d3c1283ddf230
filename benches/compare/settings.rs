/// What both sides run with, as far as the table does not say it.
pub(crate) fn describe_settings(bound_messages: usize) -> String {
    format!(
        "settings, alike for everybody: queues of at most {} messages and 16 MiB on either side; TCP_NODELAY; socket buffers \
         as the kernel tunes them; mimalloc; link-time optimized. libzmq: one I/O thread. Bare: no queue, no framing, one \
         call a message.",
        bound_messages,
    )
}

/// The head of a table of pushes and pulls.
pub(crate) fn describe_messages(size_bytes: usize, bound_messages: usize) -> String {
    let size = super::bytes(size_bytes);
    format!("\n{size}, bound {bound_messages} messages")
}
