use std::fmt;

use bytes::Bytes;
use memchr::memchr;

/// The longest [`Pattern`], in bytes.
pub const PATTERN_BYTES_MAX: usize = 1_024;

/// Which topics a subscriber wants: those of certain [tokens](Pattern::tokens), or those that
/// begin with a [prefix](Pattern::prefix).
///
/// Cloning one costs no memory.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pattern {
    matching: Matching,
    bytes: Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Matching {
    Prefix,
    Tokens,
}

/// What keeps a text or bytes from being a [`Pattern`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// It is longer than [`PATTERN_BYTES_MAX`].
    #[error(
        "the pattern has {bytes} bytes, at most {PATTERN_BYTES_MAX} are possible: subscribe to a shorter one, and leave out what does not fit on arrival"
    )]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// A pattern of tokens has none.
    #[error("the pattern is empty: write `>` for all topics")]
    Empty,
    /// Nothing stands before, between or after dots.
    #[error(
        "the pattern `{0}` has an empty token: write `*` for any token there, or take the dot away"
    )]
    EmptyToken(String),
    /// There is a space, a tab, a line end or the like.
    #[error(
        "the pattern {0:?} has white space: take it away, or subscribe to a prefix if the topics have it"
    )]
    WhiteSpace(String),
    /// `>` has tokens after it.
    #[error(
        "`>` is not the last token of the pattern `{0}`: write `*` for each single token that may be any"
    )]
    RestNotLast(String),
    /// A pattern of tokens, from a peer, is not UTF-8.
    #[error("the pattern is not UTF-8: tokens are text, other bytes can be a prefix only")]
    NotText,
    /// A peer names a kind of pattern that there is not.
    #[error("there is no pattern of kind {0}: 0 is a prefix, 1 are tokens")]
    UnknownKind(u8),
}

/// Exactly one token, whatever it is.
pub(super) const ANY: &[u8] = b"*";
/// One or more tokens at the end.
pub(super) const REST: &[u8] = b">";

/// What stands between the dots of a topic or a pattern; of an empty one, one empty token.
pub(super) fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&byte| byte == b'.')
}

/// Where the next token begins if a topic has at `at` the one that a pattern wants; beyond its
/// end if that is its last. A topic may be as long as a message: of a token that is not any no
/// more is looked at than is wanted.
pub(super) fn pass(wanted: &[u8], topic: &[u8], at: usize) -> Option<usize> {
    let rest = topic.get(at..)?;
    let length = match wanted {
        ANY => memchr(b'.', rest).unwrap_or(rest.len()),
        _ => match rest.strip_prefix(wanted)? {
            [] | [b'.', ..] => wanted.len(),
            _ => return None,
        },
    };
    Some(at + length + 1)
}

impl Pattern {
    /// Topics of these tokens, which are divided by dots. The token `*` stands for exactly
    /// one, and `>`, as the last one, for one or more: `fx.*` matches `fx.usd` and `fx.>`
    /// `fx.usd.spot`, too, but neither matches `fx`. Inside of a token, as in `usd*`, both
    /// are letters as all others.
    ///
    /// A topic is any bytes, and nothing between two of its dots is a token as well: `>`
    /// matches all topics.
    ///
    /// # Errors
    /// If it is empty or longer than [`PATTERN_BYTES_MAX`], if there is an empty token or
    /// white space, or a `>` that is not the last token.
    pub fn tokens(text: &str) -> Result<Pattern, PatternError> {
        check_tokens(text)?;
        Ok(Pattern {
            matching: Matching::Tokens,
            bytes: Bytes::copy_from_slice(text.as_bytes()),
        })
    }

    /// Topics that begin with these bytes, as in ZeroMQ; if they are none, all topics.
    ///
    /// # Errors
    /// If they are more than [`PATTERN_BYTES_MAX`].
    pub fn prefix(bytes: impl Into<Bytes>) -> Result<Pattern, PatternError> {
        let bytes = bytes.into();
        check_length(&bytes)?;
        Ok(Pattern {
            matching: Matching::Prefix,
            bytes,
        })
    }

    /// What a peer subscribes to. It is copied: what was read together with it is not kept.
    pub(crate) fn from_wire(matching: u8, bytes: &[u8]) -> Result<Pattern, PatternError> {
        check_length(bytes)?;
        match matching {
            0 => Pattern::prefix(Bytes::copy_from_slice(bytes)),
            1 => {
                let text = std::str::from_utf8(bytes).map_err(|_| PatternError::NotText)?;
                Pattern::tokens(text)
            }
            unknown => Err(PatternError::UnknownKind(unknown)),
        }
    }

    /// Its kind, as a frame has it.
    pub(crate) fn wire_kind(&self) -> u8 {
        match self.matching {
            Matching::Prefix => 0,
            Matching::Tokens => 1,
        }
    }

    /// The prefix, or the tokens with their dots.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn matching(&self) -> Matching {
        self.matching
    }

    /// Whether it wants a topic.
    pub fn matches(&self, topic: &[u8]) -> bool {
        if self.matching == Matching::Prefix {
            return topic.starts_with(&self.bytes);
        }
        let mut at = 0;
        for token in tokens(&self.bytes) {
            if token == REST {
                return at <= topic.len();
            }
            match pass(token, topic, at) {
                Some(next) => at = next,
                None => return false,
            }
        }
        at > topic.len()
    }
}

fn check_length(bytes: &[u8]) -> Result<(), PatternError> {
    match bytes.len() {
        0..=PATTERN_BYTES_MAX => Ok(()),
        bytes => Err(PatternError::TooLong { bytes }),
    }
}

fn check_tokens(text: &str) -> Result<(), PatternError> {
    check_length(text.as_bytes())?;
    if text.is_empty() {
        return Err(PatternError::Empty);
    }
    if text.contains(char::is_whitespace) {
        return Err(PatternError::WhiteSpace(text.to_owned()));
    }
    let mut rest_came = false;
    for token in tokens(text.as_bytes()) {
        if token.is_empty() {
            return Err(PatternError::EmptyToken(text.to_owned()));
        }
        if rest_came {
            return Err(PatternError::RestNotLast(text.to_owned()));
        }
        rest_came = token == REST;
    }
    Ok(())
}

/// Tokens as they were given, `fx.*`; a prefix in quotes, `prefix "fx"`, escaped where it is
/// not text to be read.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::str::from_utf8(&self.bytes);
        match (self.matching, text) {
            (Matching::Tokens, Ok(text)) => f.write_str(text),
            (_, Ok(text)) => write!(f, "prefix {text:?}"),
            (_, Err(_)) => write!(f, "prefix \"{}\"", self.bytes.escape_ascii()),
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, topic: &str) -> bool {
        Pattern::tokens(pattern).unwrap().matches(topic.as_bytes())
    }

    #[test]
    fn conat_04_a_star_is_one_token_and_the_rest_one_or_more_at_the_end() {
        for (pattern, topic) in [
            ("a", "a"),
            ("a.*", "a.b"),
            ("*.b", "a.b"),
            ("*", "a"),
            ("a.*.c", "a.b.c"),
            ("a.>", "a.b"),
            ("a.>", "a.b.c.d"),
            ("a.*.>", "a.b.c"),
            (">", "a"),
            (">", "a.b"),
            (">", ""),
            ("a.*", "a."),
            ("a.>", "a."),
            ("a.*.c", "a..c"),
            ("a*.>b", "a*.>b"),
            ("a.*", "a.*"),
            ("ä.ö", "ä.ö"),
        ] {
            assert!(matches(pattern, topic), "{pattern} {topic}");
        }
        for (pattern, topic) in [
            ("a", "b"),
            ("a", "a.b"),
            ("a", ""),
            ("a.*", "a"),
            ("a.*", "a.b.c"),
            ("*", "a.b"),
            ("a.>", "a"),
            ("a.>", "ab.c"),
            ("a.*.>", "a.b"),
            ("a*", "ab"),
            ("a>", "ab"),
            ("a", "*"),
            ("a.b", "a.>"),
        ] {
            assert!(!matches(pattern, topic), "{pattern} {topic}");
        }
    }

    #[test]
    fn conat_04_empty_tokens_and_spaces_are_refused_and_the_error_says_what_to_do() {
        for (pattern, advice) in [
            ("", "write `>` for all topics"),
            (".", "empty token: write `*`"),
            (".a", "empty token"),
            ("a.", "empty token"),
            ("a..b", "`a..b` has an empty token"),
            ("a b", "\"a b\" has white space: take it away"),
            ("a.\tb", "\"a.\\tb\" has white space"),
            ("a\u{a0}b", "white space"),
            (">.a", "`>` is not the last token of the pattern `>.a`"),
            ("a.>.>", "write `*` for each single token"),
        ] {
            let error = Pattern::tokens(pattern).unwrap_err().to_string();
            assert!(error.contains(advice), "{pattern:?}: {error}");
        }
    }

    #[test]
    fn a_prefix_is_of_bytes_and_the_empty_one_is_all() {
        let prefix = Pattern::prefix("a.").unwrap();
        assert!(prefix.matches(b"a.") && prefix.matches(b"a.b.c"));
        assert!(!prefix.matches(b"a") && !prefix.matches(b"b.a."));
        let all = Pattern::prefix("").unwrap();
        assert!(all.matches(b"") && all.matches(&[0xff, 0]));
        let stars = Pattern::prefix("*.>").unwrap();
        assert!(stars.matches(b"*.>x") && !stars.matches(b"a.b"));
    }

    #[test]
    fn neither_kind_is_longer_than_the_limit() {
        let longest = "x".repeat(PATTERN_BYTES_MAX);
        assert!(Pattern::prefix(longest.clone()).is_ok());
        assert!(Pattern::tokens(&longest).is_ok());
        let longer = longest + "x";
        let refused = Err(PatternError::TooLong { bytes: 1_025 });
        assert_eq!(Pattern::prefix(longer.clone()), refused);
        assert_eq!(Pattern::tokens(&longer), refused);
        for kind in 0..2 {
            assert_eq!(Pattern::from_wire(kind, longer.as_bytes()), refused);
        }
    }

    #[test]
    fn the_wire_has_the_kind_and_the_bytes() {
        for pattern in [
            Pattern::prefix(vec![0xff, b' ', b'.']).unwrap(),
            Pattern::tokens("a.*.>").unwrap(),
        ] {
            let read = Pattern::from_wire(pattern.wire_kind(), pattern.bytes());
            assert_eq!(read, Ok(pattern));
        }
        assert_eq!(Pattern::from_wire(1, &[0xff]), Err(PatternError::NotText));
        assert_eq!(Pattern::from_wire(1, b""), Err(PatternError::Empty));
        assert_eq!(
            Pattern::from_wire(2, b"a"),
            Err(PatternError::UnknownKind(2))
        );
        assert_ne!(Pattern::prefix("a").ok(), Pattern::tokens("a").ok());
    }

    #[test]
    fn people_can_read_it() {
        let shown = |pattern: Result<Pattern, _>| pattern.unwrap().to_string();
        assert_eq!(shown(Pattern::tokens("fx.*")), "fx.*");
        assert_eq!(shown(Pattern::prefix("fx")), "prefix \"fx\"");
        assert_eq!(shown(Pattern::prefix("")), "prefix \"\"");
        assert_eq!(shown(Pattern::prefix("a\"\n")), r#"prefix "a\"\n""#);
        let bytes = vec![b'a', 0xff, b'"'];
        assert_eq!(shown(Pattern::prefix(bytes)), r#"prefix "a\xff\"""#);
        let debug = format!("{:?}", Pattern::tokens("fx.>").unwrap());
        assert_eq!(debug, "Pattern(fx.>)");
    }
}
