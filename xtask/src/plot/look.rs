use plotters::style::RGBColor;
use treewire_bench_report::Side;

pub(super) const WIDTH: u32 = 960;
pub(super) const HEIGHT: u32 = 540;
/// For the names of the participants, beside the curves.
pub(super) const LEGEND_WIDTH: u32 = 210;
pub(super) const FONT: &str = "sans-serif";
pub(super) const BACKGROUND: RGBColor = RGBColor(255, 255, 255);
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const GRID: RGBColor = RGBColor(225, 225, 225);

/// Told apart by those who do not see red and green alike, too (after Okabe and Ito).
const COLORS: &[RGBColor] = &[
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(140, 86, 75),
    RGBColor(150, 150, 40),
];
const OURS: &[RGBColor] = &[
    RGBColor(0, 60, 160),
    RGBColor(90, 130, 220),
    RGBColor(0, 110, 140),
];
const BARE: &[RGBColor] = &[RGBColor(90, 90, 90), RGBColor(160, 160, 160)];

/// How one participant's curve looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) color: RGBColor,
    pub(super) width: u32,
    pub(super) is_dashed: bool,
}

impl Look {
    /// Of the participant that is the `place`th of its side.
    pub(super) fn of(side: Side, place: usize) -> Self {
        let (colors, width, is_dashed) = match side {
            Side::Ours if place == 0 => (OURS, 4, false),
            Side::Ours => (OURS, 3, false),
            Side::Peer => (COLORS, 2, false),
            Side::Bare => (BARE, 2, true),
        };
        Look {
            color: colors[place % colors.len()],
            width,
            is_dashed,
        }
    }
}
