use treewire_runtime::Loss;
use treewire_transports::Content;

use super::descriptor::payload_of;
use super::{Codec, WireMessage};

/// A message once more that was lost with its generation, if it was `kept` as it came,
/// unless handling it panicked and `panicked` says that this was once too often.
pub(super) fn again<M: WireMessage>(
    kept: Option<&Content>,
    codec: Codec,
    has_topic: bool,
    loss: &Loss,
    panicked: impl FnOnce() -> bool,
) -> Option<M> {
    let content = kept?;
    // What ended its generation otherwise is not the message's fault.
    if matches!(loss, Loss::Panicked(_)) && !panicked() {
        return None;
    }
    // It could be decoded before.
    codec.decode::<M>(payload_of(content, has_topic)).ok()
}
