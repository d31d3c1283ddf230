/// Why a [`Retry`](crate::Retry) does not wait for another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GivenUp {
    /// The retries of this row are used up.
    #[error("gave up after {attempts} retries in a row")]
    Exhausted {
        /// How many there were; the first try is none.
        attempts: u32,
    },
    /// Somebody cancelled it.
    #[error("the retries were cancelled")]
    Cancelled,
}

/// Why an operation that was tried again and again did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RetryError<E> {
    /// No retry would have helped.
    #[error("no retry would help")]
    Fatal(#[source] E),
    /// The retries of this row are used up.
    #[error("gave up after {attempts} retries in a row")]
    Exhausted {
        /// How many there were; the first try is none.
        attempts: u32,
        /// The error of the last one.
        #[source]
        last: E,
    },
    /// Somebody cancelled it.
    #[error("the retries were cancelled")]
    Cancelled,
}

impl GivenUp {
    pub(super) fn with<E>(self, last: E) -> RetryError<E> {
        match self {
            GivenUp::Exhausted { attempts } => RetryError::Exhausted { attempts, last },
            GivenUp::Cancelled => RetryError::Cancelled,
        }
    }
}
