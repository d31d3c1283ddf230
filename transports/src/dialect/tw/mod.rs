//! Treewire's native dialect.

pub(crate) mod varint;
