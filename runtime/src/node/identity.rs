use std::fmt;

/// What tells a node from every other.
///
/// The same instance means that both [`instance`](Self::instance) and
/// [`incarnation`](Self::incarnation) are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The node's name, for people.
    pub name: String,
    /// 128 random bits that the node made for itself.
    pub instance: [u8; 16],
    /// Counts the lives of an instance whose state outlives its process.
    pub incarnation: u64,
}

impl Identity {
    pub(super) fn new(name: String, instance: [u8; 16]) -> Self {
        Identity {
            name,
            instance,
            incarnation: 0,
        }
    }

    /// The instance id as 32 hexadecimal digits.
    pub fn instance_text(&self) -> String {
        self.instance
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}/{})",
            self.name,
            self.instance_text(),
            self.incarnation
        )
    }
}
