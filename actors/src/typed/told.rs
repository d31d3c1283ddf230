use treewire_transports::{Content, Payload};

use super::descriptor::descriptor;
use super::{Codec, WireMessage};

/// A typed message as it is sent to who is not to answer.
pub(crate) fn told<M: WireMessage>(message: &M, codec: Codec) -> Result<Content, String> {
    let payload = codec.encode(message).map_err(|failure| failure.text)?;
    Ok(Content::new(descriptor::<M>(codec)).with_part(payload))
}

/// The same as it is published: behind its topic.
pub(crate) fn published<M: WireMessage>(
    topic: Payload,
    message: &M,
    codec: Codec,
) -> Result<Content, String> {
    let payload = codec.encode(message).map_err(|failure| failure.text)?;
    let topic = Content::new(topic);
    Ok(topic.with_part(descriptor::<M>(codec)).with_part(payload))
}
