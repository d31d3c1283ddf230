//! Messages that say which they are, and are known to be whole.

use treewire::Chance;

/// A message that starts with its number, of a size that chance has.
pub(crate) fn numbered(number: u64, chance: &mut Chance) -> Vec<u8> {
    let largest = if chance.once_in(20) { 100_000 } else { 300 };
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.resize(8 + chance.below(largest) as usize, 7);
    bytes
}

pub(crate) fn number_of(payload: &[u8]) -> u64 {
    let (number, rest) = payload.split_first_chunk().expect("8 bytes at least");
    assert!(rest.iter().all(|&byte| byte == 7), "it arrived unchanged");
    u64::from_be_bytes(*number)
}
