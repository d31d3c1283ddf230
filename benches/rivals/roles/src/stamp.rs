//! The sequence number at the head of a payload: its first eight bytes, little endian. Shorter payloads carry none.

const STAMP_BYTES: usize = size_of::<u64>();

/// A payload of `size_bytes` with its sequence, freshly allocated: what an application hands over.
pub fn payload(size_bytes: usize, sequence: u64) -> Vec<u8> {
    let mut payload = vec![0; size_bytes];
    write(&mut payload, sequence);
    payload
}

/// Writes `sequence` at the head of `payload`.
pub fn write(payload: &mut [u8], sequence: u64) {
    if let Some(head) = payload.first_chunk_mut::<STAMP_BYTES>() {
        *head = sequence.to_le_bytes();
    }
}

/// Reads the sequence at the head of `payload`, unless it is too short to carry one.
pub fn read(payload: &[u8]) -> Option<u64> {
    payload
        .first_chunk::<STAMP_BYTES>()
        .map(|head| u64::from_le_bytes(*head))
}

/// Checks size and sequence of a payload that arrived.
///
/// # Errors
/// What was expected and what came.
pub fn check(payload: &[u8], size_bytes: usize, sequence: u64) -> Result<(), String> {
    if payload.len() != size_bytes {
        return Err(format!(
            "message {sequence}: expected {size_bytes} bytes, received {}",
            payload.len()
        ));
    }
    match read(payload) {
        Some(stamped) if stamped != sequence => {
            Err(format!("expected message {sequence}, received {stamped}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamped_payload_passes_its_own_check() {
        for size_bytes in [0, 7, 8, 16, 1024] {
            assert_eq!(check(&payload(size_bytes, 42), size_bytes, 42), Ok(()));
        }
    }

    #[test]
    fn a_lost_message_or_a_wrong_size_is_told() {
        assert!(check(&payload(16, 43), 16, 42).is_err());
        assert!(check(&payload(15, 42), 16, 42).is_err());
    }
}
