use std::time::Duration;

use crate::HeadersError;

/// Why a conversation is over, sorted by who is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the texts say what each field is")]
pub enum DialectError {
    /// Configuration, here or there: the peer speaks something else.
    #[error("not Treewire: the peer began with \"{began}\"{}", guess_text(*guess))]
    NotTreewire {
        began: String,
        guess: Option<&'static str>,
    },

    /// Configuration, here or there: the two versions do not talk to each other.
    #[error(
        "the peer speaks version {}.{}, this side {}.{}: the major versions must be equal, update the older side",
        theirs.0, theirs.1, ours.0, ours.1
    )]
    Version { ours: (u8, u8), theirs: (u8, u8) },

    /// Peer: it broke the rules.
    #[error(transparent)]
    Violation(#[from] Violation),

    /// Peer or network: nothing arrived for too long.
    #[error("the peer was silent for {silent_for:?}: it is taken for dead")]
    PeerSilent { silent_for: Duration },
    /// It began a frame and sent less than a KiB more of it for too long.
    #[error(
        "the peer sent {bytes} bytes of a frame and no more in {silent_for:?}: too slow to be alive"
    )]
    PeerSlow { bytes: usize, silent_for: Duration },
}

/// Which rule a peer broke. The connection ends; the peer's program or whoever wrote its bytes is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the texts say what each field is")]
pub enum Violation {
    #[error("hello of {length} bytes exceeds the limit of {limit}")]
    HelloTooLarge { length: usize, limit: usize },

    #[error("the hello cannot be read: its body is not what its version says")]
    MalformedHello,

    #[error("the peer takes frames of {frame_bytes_max} bytes only: the least is {least}")]
    FrameLimitTooSmall { frame_bytes_max: u32, least: u32 },

    #[error("unknown frame kind {kind:#x}")]
    UnknownKind { kind: u8 },

    #[error("{frame} frame with flags {flags:#06b}, which it cannot have")]
    Flags { frame: &'static str, flags: u8 },

    #[error("a number in a frame goes on for too long")]
    MalformedNumber,

    #[error("frame of {length} bytes exceeds the limit of {limit}")]
    FrameTooLarge { length: u64, limit: u64 },

    #[error("message of at least {bytes} bytes exceeds the limit of {limit}")]
    MessageTooLarge { bytes: u64, limit: u64 },

    #[error("message of more than {limit} parts")]
    TooManyParts { limit: usize },

    #[error("more than {limit} channels opened by the peer")]
    TooManyChannels { limit: usize },

    #[error("the headers of a message cannot be read: {0}")]
    Headers(HeadersError),

    #[error("a header block is not followed by a part")]
    HeadersWithoutPart,

    #[error("{found} frame in the middle of a {expected} message on channel {channel}")]
    Interleaved {
        channel: u32,
        expected: &'static str,
        found: &'static str,
    },

    #[error("{frame} frame on channel {channel}, which is not open")]
    NotOpen { frame: &'static str, channel: u32 },

    #[error("OPEN frame for channel {channel}, which is not the peer's next one")]
    ChannelNumber { channel: u32 },

    #[error("{frame} frame for channel {channel}, which was not asked for")]
    NotAsked { frame: &'static str, channel: u32 },

    #[error(
        "{frame} frame on channel {channel}: it concerns the connection and belongs on channel 0"
    )]
    OnChannel { frame: &'static str, channel: u32 },

    #[error("CLOSE frame in the middle of a message on channel {channel}")]
    CloseInMessage { channel: u32 },

    #[error("{frame} frame with a body that cannot be read")]
    MalformedBody { frame: &'static str },

    #[error("frame says {length} bytes, its packet holds {found}")]
    PacketLength { length: u64, found: u64 },

    #[error("a line came that answers no request: requests and answers are to be as many")]
    UnaskedLine,

    #[error("a message that is one line has the end of a line at byte {at}")]
    LineInLine { at: usize },

    #[error("packet of {length} bytes ends before its frame's payload begins")]
    PacketTooShort { length: usize },

    #[error("{frame} frame of {length} bytes ends inside its correlation id")]
    CorrelationCut { frame: &'static str, length: usize },
}

/// Why the peer would not take a message. It is still the caller's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the texts say what each field is")]
pub enum Unsendable {
    #[error(
        "message of {bytes} bytes exceeds the peer's limit of {limit}: split it, or raise the peer's limit"
    )]
    TooLarge { bytes: u64, limit: u64 },

    #[error("message of {parts} parts exceeds the limit of {limit}: join some")]
    TooManyParts { parts: usize, limit: usize },

    #[error("the headers cannot be sent: {0}")]
    Headers(#[source] HeadersError),

    #[error("a line carries no headers: send the message without them, or speak tw")]
    HeadersNotCarried,

    #[error(
        "a line would end at byte {at} of the message: encode it without \\n inside and \\r at its end"
    )]
    EndOfLine { at: usize },
}

impl Unsendable {
    /// What such messages are counted as.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::TooManyParts { .. } | Self::Headers(_) => {
                "too large for the peer"
            }
            Self::HeadersNotCarried | Self::EndOfLine { .. } => "not for the peer's wire",
        }
    }
}

fn guess_text(guess: Option<&'static str>) -> String {
    guess.map(|guess| format!(" ({guess})")).unwrap_or_default()
}
