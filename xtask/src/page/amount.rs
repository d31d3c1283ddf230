/// A figure with three significant digits and a suffix of thousands: `1.25 M`.
pub(crate) fn amount(figure: f64) -> String {
    let (scaled, suffix) = match figure {
        _ if figure >= 1e9 => (figure / 1e9, " G"),
        _ if figure >= 1e6 => (figure / 1e6, " M"),
        _ if figure >= 1e4 => (figure / 1e3, " k"),
        _ => (figure, ""),
    };
    let decimals = match scaled {
        _ if scaled >= 100.0 => 0,
        _ if scaled >= 10.0 => 1,
        _ => 2,
    };
    format!("{scaled:.decimals$}{suffix}")
}

/// A payload's size: `16 B`, `8 KiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        let told = [0.5, 12.34, 1234.0, 12_345.0, 1_250_000.0].map(amount);
        assert_eq!(told, ["0.50", "12.3", "1234", "12.3 k", "1.25 M"]);
        assert_eq!([16, 1024, 1 << 20].map(bytes), ["16 B", "1 KiB", "1 MiB"]);
    }
}
