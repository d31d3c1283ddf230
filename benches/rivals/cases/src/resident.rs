//! The memory of this process as the kernel counts it: what children really take, with what the allocator adds.

use std::fs::read_to_string;

use crate::framework::Failure;

/// What is resident now, in bytes.
///
/// # Errors
/// The system does not tell.
pub fn now_bytes() -> Result<u64, Failure> {
    status_bytes("VmRSS:")
}

/// The most that was, in bytes.
///
/// # Errors
/// The system does not tell.
pub fn peak_bytes() -> Result<u64, Failure> {
    status_bytes("VmHWM:")
}

fn status_bytes(key: &str) -> Result<u64, Failure> {
    let status = read_to_string("/proc/self/status")?;
    let kibibytes = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.trim().strip_suffix(" kB"))
        .ok_or_else(|| format!("/proc/self/status does not tell {key}"))?;
    Ok(kibibytes.trim().parse::<u64>()? * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_counts_and_the_peak_stays() {
        const BYTES: usize = 64 * 1024 * 1024;
        let before = now_bytes().unwrap();
        let used = vec![1_u8; BYTES];
        assert!(now_bytes().unwrap() >= before + used.len() as u64 / 2);
        drop(used);
        assert!(peak_bytes().unwrap() >= before + BYTES as u64 / 2);
    }
}
