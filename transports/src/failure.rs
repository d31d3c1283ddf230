//! The answer to a request that went wrong.

use serde::{Deserialize, Serialize};

use crate::Payload;

/// Why a request failed: a code for programs, a text for people.
///
/// What the codes mean is agreed above this crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// For programs to branch on.
    pub code: u16,
    /// For people to read.
    pub text: String,
}

impl Failure {
    /// A failure with this code and text.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// Its postcard form: varint code, varint length, text.
    pub fn encode(&self) -> Payload {
        postcard::to_stdvec(self)
            .map(Payload::from)
            .expect("an integer and a text always encode into a growing vector")
    }

    /// Reads what [`encode`](Self::encode) wrote; bytes after it are ignored.
    ///
    /// # Errors
    /// The bytes are not a code and a UTF-8 text.
    pub fn decode(bytes: &[u8]) -> Result<Self, MalformedFailure> {
        postcard::take_from_bytes(bytes)
            .map(|(failure, _)| failure)
            .map_err(|_| MalformedFailure)
    }
}

/// A failure frame did not hold a code and a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer reported a failure in a form that cannot be read: expected a code and a text")]
pub struct MalformedFailure;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_wire() {
        let failure = Failure::new(404, "no such symbol");
        let bytes = failure.encode();
        assert_eq!(&bytes[..3], [0x94, 0x03, 14]);
        assert_eq!(Failure::decode(&bytes), Ok(failure));
    }

    #[test]
    fn a_lying_length_is_refused() {
        assert_eq!(Failure::decode(&[1, 200, b'x']), Err(MalformedFailure));
        assert_eq!(Failure::decode(&[]), Err(MalformedFailure));
    }
}
