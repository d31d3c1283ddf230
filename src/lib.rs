//! Treewire.
