use actix::Message;
use postcard_schema::Schema;
use postcard_schema::key::Key;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A type that can stand in a typed message or reply. Every type that is
/// serializable both ways and has a schema is one; `#[derive(WireType)]` gives a
/// type its schema, and lets handlers return it plainly.
pub trait WireType: Serialize + DeserializeOwned + Schema + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Schema + Send + 'static> WireType for T {}

/// A message that can be sent to an actor behind a wire; its actix `Result` is
/// what comes back. `#[derive(WireMessage)]` implements it.
pub trait WireMessage: Message<Result: WireType> + WireType {
    /// The name that stands on the wire; unique among what a socket serves.
    const NAME: &'static str;
}

/// The fingerprint of a message type: its request's and its reply's schema,
/// recursively, each as a 64-bit FNV-1a hash. Two programs understand each other
/// when it is equal, since postcard alone would decode a changed struct wrongly.
pub fn schema_of<M: WireMessage>() -> [u8; 16] {
    let mut schema = [0; 16];
    schema[..8].copy_from_slice(&Key::for_path::<M>(M::NAME).to_bytes());
    schema[8..].copy_from_slice(&Key::for_path::<M::Result>(M::NAME).to_bytes());
    schema
}
