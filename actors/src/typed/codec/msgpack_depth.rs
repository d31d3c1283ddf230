//! How deep MessagePack nests, looked at before it is decoded: the decoder's own count
//! leaks a level for each error that a lenient type passes over, and wraps around.

/// Where `bytes` nest deeper than `levels_max`, or hold an extension type, which no type
/// is encoded as. What is cut short is left to the decoder.
pub(super) fn check(bytes: &[u8], levels_max: usize) -> Result<(), String> {
    let mut rest = bytes;
    // Of each open list or map, how many values are to come.
    let mut open: Vec<u64> = Vec::new();
    while let Some((&marker, after)) = rest.split_first() {
        let at = bytes.len() - rest.len();
        let mut reader = after;
        let (skipped, values) = match marker {
            0x80..=0x8f => (0, 2 * u64::from(marker & 0x0f)),
            0x90..=0x9f => (0, u64::from(marker & 0x0f)),
            0xa0..=0xbf => (u64::from(marker & 0x1f), 0),
            0xc4 | 0xd9 => (length(&mut reader, 1), 0),
            0xc5 | 0xda => (length(&mut reader, 2), 0),
            0xc6 | 0xdb => (length(&mut reader, 4), 0),
            0xcc | 0xd0 => (1, 0),
            0xcd | 0xd1 => (2, 0),
            0xca | 0xce | 0xd2 => (4, 0),
            0xcb | 0xcf | 0xd3 => (8, 0),
            0xdc => (0, length(&mut reader, 2)),
            0xdd => (0, length(&mut reader, 4)),
            0xde => (0, 2 * length(&mut reader, 2)),
            0xdf => (0, 2 * length(&mut reader, 4)),
            0xc7..=0xc9 | 0xd4..=0xd8 => return Err(format!("an extension type, at byte {at}")),
            _ => (0, 0),
        };
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        rest = reader.get(skipped..).unwrap_or_default();
        if values > 0 {
            if open.len() == levels_max {
                return Err(format!("depth limit exceeded, at byte {at}"));
            }
            open.push(values);
            continue;
        }
        while let Some(values) = open.last_mut() {
            *values -= 1;
            if *values > 0 {
                break;
            }
            open.pop();
        }
    }
    Ok(())
}

/// The big-endian number in the next `size` bytes; nothing is left if there are fewer.
fn length(reader: &mut &[u8], size: usize) -> u64 {
    let (number, rest) = reader.split_at_checked(size).unwrap_or_default();
    *reader = rest;
    let digits = number.iter();
    digits.fold(0, |number, &byte| number << 8 | u64::from(byte))
}
