//! Pictures of what was measured.

use std::error::Error;
use std::path::Path;

use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;

use crate::growth::Growth;
use crate::report::{Report, figure};

/// Turnstile's colour, then those of the others. Told apart in grey as well.
const COLOURS: [RGBColor; 4] =
    [RGBColor(200, 60, 40), RGBColor(60, 100, 160), RGBColor(120, 160, 200), RGBColor(150, 150, 150)];
const WIDTH: u32 = 760;

/// A bar: its name, where it ends, and from where to where it scatters.
type Bar<'a> = (&'a str, f64, f64, f64);

/// Draws all of them into `folder`.
pub(crate) fn draw(report: &Report, folder: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    for id in ["batch-24", "finished"] {
        let timing = report.timing(id);
        let of = |subject: &'_ crate::measure::Timed| {
            let spread = subject.spread;
            (subject.name, spread.median, spread.p10, spread.p90)
        };
        let all: Vec<Bar<'_>> = timing.subjects.iter().map(of).collect();
        bars(&folder.join(format!("{id}.svg")), &format!("{}, {}", timing.title, timing.unit), &all)?;
    }
    for rows in &report.rows {
        let ways = rows.ways.iter().filter_map(|way| Some((way, way.late.as_ref()?)));
        // What is not a single row late has no place on such an axis.
        let all: Vec<Bar<'_>> = ways
            .map(|(way, late)| (&*way.name, late.median.max(1.0), late.median.max(1.0), late.p99.max(1.0)))
            .collect();
        let title =
            format!("rows between a request and its cut, {}: median, and up to the 99th percentile", rows.title);
        bars(&folder.join(format!("{}.svg", rows.id)), &title, &all)?;
    }
    for growth in &report.growth {
        lines(&folder.join(format!("{}.svg", growth.id)), growth)?;
    }
    Ok(())
}

/// Horizontal bars, one below the other, on a logarithmic axis if they differ much.
fn bars(file: &Path, title: &str, bars: &[Bar<'_>]) -> Result<(), Box<dyn Error>> {
    let most = bars.iter().map(|bar| bar.3).fold(0.0, f64::max);
    let least = bars.iter().map(|bar| bar.2).fold(f64::INFINITY, f64::min);
    if most > 100.0 * least {
        // From a power of ten on.
        let from = 10f64.powf(least.log10().floor());
        bars_on(file, &format!("{title} (logarithmic)"), bars, from, (from..most * 3.0).log_scale())
    } else {
        bars_on(file, title, bars, 0.0, 0.0..most * 1.15)
    }
}

fn bars_on<X>(file: &Path, title: &str, bars: &[Bar<'_>], from: f64, axis: X) -> Result<(), Box<dyn Error>>
where
    X: AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let root = SVGBackend::new(file, (WIDTH, 70 + 24 * bars.len() as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    let below = bars.len() as f64;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 15))
        .margin(8)
        .margin_left(225)
        .x_label_area_size(24)
        .build_cartesian_2d(axis, below..0.0)?;
    let tick = |value: &f64| figure(*value);
    chart.configure_mesh().disable_y_mesh().disable_y_axis().x_labels(6).x_label_formatter(&tick).draw()?;
    for (at, &(name, median, low, high)) in bars.iter().enumerate() {
        let y = at as f64;
        let colour = COLOURS[if name.starts_with("Turnstile") { 0 } else { 1 }];
        chart.draw_series([Rectangle::new([(from, y + 0.2), (median, y + 0.8)], colour.filled())])?;
        chart.draw_series([PathElement::new([(low, y + 0.5), (high, y + 0.5)], BLACK.stroke_width(1))])?;
        let style = ("sans-serif", 13).into_text_style(&root);
        let (_, pixel) = chart.backend_coord(&(from, y + 0.5));
        root.draw(&Text::new(format!("{name}: {}", figure(median)), (8, pixel - 6), style))?;
    }
    root.present()?;
    Ok(())
}

/// Lines over what grows, both axes logarithmic.
fn lines(file: &Path, growth: &Growth) -> Result<(), Box<dyn Error>> {
    let points = || growth.lines.iter().flat_map(|line| &line.points);
    let (first, last) = points().fold((u64::MAX, 0), |(first, last), (at, _)| (first.min(*at), last.max(*at)));
    let most = points().map(|(_, spread)| spread.median).fold(0.0, f64::max);
    let root = SVGBackend::new(file, (WIDTH, 320)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(format!("{}: {} by {}", growth.title, growth.unit, growth.along), ("sans-serif", 15))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(44)
        .build_cartesian_2d((first as f64..last as f64 * 1.05).log_scale(), 0.0..most * 1.3)?;
    let tick = |value: &f64| figure(*value);
    chart.configure_mesh().x_label_formatter(&tick).y_label_formatter(&tick).draw()?;
    for (line, colour) in growth.lines.iter().zip(COLOURS) {
        let points = line.points.iter().map(|(at, spread)| (*at as f64, spread.median));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw()?;
    root.present()?;
    Ok(())
}
