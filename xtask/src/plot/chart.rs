use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::element::{Circle, DashedPathElement, PathElement, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, ShapeStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, TextStyle};

use super::axes::LogAxis;
use super::look::{BACKGROUND, FONT, GRID, HEIGHT, INK, LEGEND_WIDTH, Look, WIDTH};
use crate::Failure;

const LEFT: i32 = 78;
const TOP: i32 = 62;
const BOTTOM: i32 = 62;
const LEGEND_LINE: i32 = 24;

/// Curves over labelled places, both axes logarithmic or the lower one evenly labelled.
pub(super) struct Chart {
    /// The file it goes to.
    pub(super) file: String,
    pub(super) title: String,
    pub(super) below: String,
    pub(super) beside: String,
    /// Where the labels of the lower axis stand, from 0 to 1.
    pub(super) places: Vec<(f64, String)>,
    pub(super) curves: Vec<Curve>,
}

pub(super) struct Curve {
    pub(super) name: String,
    pub(super) look: Look,
    /// Place from 0 to 1, and value.
    pub(super) points: Vec<(f64, f64)>,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Chart {
    /// The SVG.
    ///
    /// # Errors
    /// There is nothing to draw.
    pub(super) fn draw(&self) -> Result<String, Failure> {
        let values = self.curves.iter().flat_map(|curve| &curve.points);
        let axis = LogAxis::around(values.map(|(_, value)| *value));
        let axis = axis.ok_or_else(|| format!("{}: no values", self.file))?;
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
            let drawn = self.draw_on(&area, &axis);
            drawn.map_err(|error| format!("{}: {error}", self.file))?;
        }
        Ok(svg)
    }

    fn draw_on(&self, area: &Area<'_>, axis: &LogAxis) -> Result<(), Box<dyn std::error::Error>> {
        area.fill(&BACKGROUND)?;
        text(area, &self.title, (LEFT, 18), 20, (HPos::Left, VPos::Top))?;
        text(
            area,
            &self.beside,
            (LEFT, TOP - 8),
            14,
            (HPos::Left, VPos::Bottom),
        )?;
        let center = (left(0.5), HEIGHT as i32 - 12);
        text(area, &self.below, center, 14, (HPos::Center, VPos::Bottom))?;
        for tick in &axis.ticks {
            let y = top(axis.place(*tick));
            area.draw(&PathElement::new([(left(0.0), y), (left(1.0), y)], GRID))?;
            text(
                area,
                &tick_label(*tick),
                (LEFT - 8, y),
                14,
                (HPos::Right, VPos::Center),
            )?;
        }
        for (place, label) in &self.places {
            let x = left(*place);
            area.draw(&PathElement::new([(x, top(0.0)), (x, top(1.0))], GRID))?;
            text(
                area,
                label,
                (x, top(0.0) + 8),
                14,
                (HPos::Center, VPos::Top),
            )?;
        }
        let frame = [
            (left(0.0), top(1.0)),
            (left(0.0), top(0.0)),
            (left(1.0), top(0.0)),
        ];
        area.draw(&PathElement::new(frame, INK))?;
        // Treewire last, above the others.
        for curve in self.curves.iter().rev() {
            let points = curve
                .points
                .iter()
                .map(|(place, value)| (left(*place), top(axis.place(*value))));
            curve.look.draw(area, points.collect())?;
        }
        for (line, curve) in self.by_last_value().into_iter().enumerate() {
            let y = TOP + 6 + LEGEND_LINE * line as i32;
            let x = left(1.0) + 24;
            curve.look.draw(area, vec![(x, y), (x + 30, y)])?;
            text(
                area,
                &curve.name,
                (x + 40, y),
                14,
                (HPos::Left, VPos::Center),
            )?;
        }
        area.present()?;
        Ok(())
    }

    /// The names stand in the order in which the curves end.
    fn by_last_value(&self) -> Vec<&Curve> {
        let last = |curve: &Curve| curve.points.last().map_or(0.0, |(_, value)| *value);
        let mut curves: Vec<_> = self.curves.iter().collect();
        curves.sort_by(|one, other| last(other).total_cmp(&last(one)));
        curves
    }
}

impl Look {
    fn draw(
        self,
        area: &Area<'_>,
        points: Vec<(i32, i32)>,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let style = ShapeStyle::from(&self.color).stroke_width(self.width);
        for &point in &points {
            area.draw(&Circle::new(point, self.width + 1, self.color.filled()))?;
        }
        if self.is_dashed {
            area.draw(&DashedPathElement::new(points, 7, 5, style))?;
        } else {
            area.draw(&PathElement::new(points, style))?;
        }
        Ok(())
    }
}

fn left(place: f64) -> i32 {
    let width = (WIDTH - LEGEND_WIDTH) as i32 - LEFT;
    LEFT + (place * f64::from(width)).round() as i32
}

fn top(place: f64) -> i32 {
    let height = HEIGHT as i32 - TOP - BOTTOM;
    TOP + ((1.0 - place) * f64::from(height)).round() as i32
}

fn text(
    area: &Area<'_>,
    text: &str,
    at: (i32, i32),
    size: u32,
    (horizontal, vertical): (HPos, VPos),
) -> Result<(), Box<dyn std::error::Error>> {
    let style = TextStyle::from((FONT, size).into_font())
        .color(&INK)
        .pos(Pos::new(horizontal, vertical));
    area.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

/// Ticks are 1, 2 or 5 of a power of ten: there is nothing to round.
fn tick_label(tick: f64) -> String {
    match tick {
        _ if tick >= 1e6 => format!("{} M", rounded(tick / 1e6)),
        _ if tick >= 1e4 => format!("{} k", rounded(tick / 1e3)),
        _ => format!("{}", rounded(tick)),
    }
}

/// Without what the powers of ten are off by.
fn rounded(tick: f64) -> f64 {
    format!("{tick:.3e}").parse().unwrap_or(tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_told_without_needless_digits() {
        let told = [0.5, 0.1 + 0.1, 20.0, 5000.0, 20_000.0, 1e7].map(tick_label);
        assert_eq!(told, ["0.5", "0.2", "20", "5000", "20 k", "10 M"]);
    }
}
