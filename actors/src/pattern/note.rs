//! What publishers and subscribers tell each other beside messages; `WIRE.md` has its bytes.

use serde::{Deserialize, Serialize};
use treewire_transports::{Content, Envelope};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Note<'a> {
    /// The publisher's first word: which stream it publishes, and how many messages that has
    /// so far.
    Publishes { stream: [u8; 16], sequence: u64 },
    /// Everything after that message that matches comes, with a correlation id everything
    /// that matches that subscription.
    Begins { after: u64 },
    /// Messages that match do not come: the first and the last of them. Others between them may
    /// have come, or not match.
    Missed { from: u64, to: u64 },
    /// The subscription with the correlation id is not taken: why, for people.
    Refused { reason: &'a str },
    /// Its correlation id is the subscription's.
    Subscribe {
        matching: u8,
        #[serde(borrow)]
        pattern: &'a [u8],
    },
    /// Its correlation id is the subscription's.
    Unsubscribe,
    /// The subscriber has said what it wants: from that message on if it followed the stream
    /// before, else from now on.
    Resume { after: Option<u64> },
}

impl<'a> Note<'a> {
    pub(crate) fn envelope(&self) -> Envelope {
        Envelope::note(postcard::to_stdvec(self).expect("notes can be encoded"))
    }

    /// What a peer says, unless that is nothing this version knows.
    pub(crate) fn decode(content: &'a Content) -> Option<Self> {
        postcard::take_from_bytes(content.first())
            .ok()
            .map(|(note, _)| note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_have_the_bytes_that_wire_md_says() {
        let notes: [(Note<'_>, &[u8]); 7] = [
            (
                Note::Publishes {
                    stream: [0x66; 16],
                    sequence: 300,
                },
                &[
                    0, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                    0x66, 0x66, 0x66, 0x66, 0xAC, 0x02,
                ],
            ),
            (Note::Begins { after: 300 }, &[1, 0xAC, 0x02]),
            (
                Note::Missed { from: 301, to: 305 },
                &[2, 0xAD, 0x02, 0xB1, 0x02],
            ),
            (
                Note::Subscribe {
                    matching: 1,
                    pattern: b"fx.*",
                },
                &[4, 1, 4, b'f', b'x', b'.', b'*'],
            ),
            (Note::Unsubscribe, &[5]),
            (Note::Resume { after: Some(300) }, &[6, 1, 0xAC, 0x02]),
            (Note::Refused { reason: "no" }, &[3, 2, b'n', b'o']),
        ];
        for (note, bytes) in notes {
            let content = note.envelope().content;
            assert_eq!(&content.first()[..], bytes, "{note:?}");
            assert_eq!(Note::decode(&content), Some(note));
        }
    }

    #[test]
    fn what_is_no_note_is_none() {
        for bytes in [
            &[][..],
            &[7],
            &[0, 1],
            &[4, 1, 200, 1, b'a'],
            &[3, 1, 0xFF],
            &[2, 0x80],
        ] {
            assert_eq!(
                Note::decode(&Content::new(bytes.to_vec())),
                None,
                "{bytes:?}"
            );
        }
    }
}
