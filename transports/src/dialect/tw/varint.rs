//! Unsigned LEB128: seven bits a byte, low bits first, the high bit set on every byte but the last.

/// The longest varint of 64 bits.
pub(crate) const BYTES_MAX: usize = 10;

/// A varint went on for longer than its type allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overlong;

/// The value at the front of `bytes` and its size, or `None` when `bytes` ends before the value does.
#[inline]
pub(crate) fn read(bytes: &[u8]) -> Result<Option<(u64, usize)>, Overlong> {
    match bytes.first() {
        None => Ok(None),
        Some(&byte) if byte < 0x80 => Ok(Some((u64::from(byte), 1))),
        Some(_) => read_long(bytes),
    }
}

fn read_long(bytes: &[u8]) -> Result<Option<(u64, usize)>, Overlong> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(BYTES_MAX).enumerate() {
        if index == BYTES_MAX - 1 && byte > 1 {
            return Err(Overlong);
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok(Some((value, index + 1)));
        }
    }
    Ok(None)
}

/// Writes `value` at the front of `into` and returns its size; `into` has room for [`BYTES_MAX`].
#[inline]
pub(crate) fn write(into: &mut [u8], mut value: u64) -> usize {
    let mut size = 0;
    while value >= 0x80 {
        into[size] = value as u8 | 0x80;
        value >>= 7;
        size += 1;
    }
    into[size] = value as u8;
    size + 1
}

/// Appends `value`.
pub(crate) fn append(into: &mut Vec<u8>, value: u64) {
    let mut bytes = [0; BYTES_MAX];
    let size = write(&mut bytes, value);
    into.extend_from_slice(&bytes[..size]);
}

/// How many bytes `value` takes.
pub(crate) fn length(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_survives() {
        for shift in 0..64 {
            for value in [1 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                append(&mut bytes, value);
                assert_eq!(bytes.len(), length(value));
                assert_eq!(read(&bytes), Ok(Some((value, bytes.len()))));
                assert_eq!(read(&bytes[..bytes.len() - 1]), Ok(None));
            }
        }
    }

    #[test]
    fn more_than_64_bits_are_refused() {
        assert_eq!(read(&[0xff; 10]), Err(Overlong));
        assert_eq!(
            read(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2]),
            Err(Overlong)
        );
    }
}
