//! The plot of what a delivery costs while something is doubled: text, written by hand.

use std::fmt::Write;

use super::table::{Results, cpu};
use crate::{
    fan_out::{Case, Measured, Series, growth},
    figures::median,
};

/// Of one of the three panels, in pixels.
const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 56.0;
const GAP: f64 = 56.0;
/// What the axis shows of the ratio.
const LOWEST: f64 = 0.5;
const HIGHEST: f64 = 1.5;
/// By how much a doubling may raise the cost of a delivery.
pub(super) const ALLOWED: f64 = 1.1;

const STYLE: &str = "
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 11px; fill: #59636e }
.grid { stroke: #d1d9e0 }
.allowed { stroke: #9a6700; stroke-dasharray: 5 4 }
.ours { stroke: #0969da; fill: #0969da }
.ceiling { stroke: #8250df; fill: #8250df }
.line { fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.small { fill: #9198a1 }
.grid { stroke: #3d444d }
.allowed { stroke: #d29922 }
.ours { stroke: #4493f8; fill: #4493f8 }
.ceiling { stroke: #ab7df8; fill: #ab7df8 }
}
";

/// Whether there is anything to be plotted.
pub(super) fn is_measured(results: &Results) -> bool {
    results.0.iter().any(|one| one.part == "growth")
}

/// The whole file.
pub(super) fn plot(results: &Results) -> String {
    let panels = growth();
    let width = LEFT + (WIDTH + GAP) * panels.len() as f64;
    let height = TOP + HEIGHT + 52.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n\
         <title>CPU time of a delivery while rooms, subscribers or connections are doubled</title>\n\
         <style>{STYLE}</style>\n"
    );
    for (place, series) in panels.iter().enumerate() {
        let left = LEFT + (WIDTH + GAP) * place as f64;
        panel(&mut svg, left, series, results);
    }
    let bottom = TOP + HEIGHT + 42.0;
    for (place, name) in ["ours", "ceiling"].into_iter().enumerate() {
        let left = LEFT + 120.0 * place as f64;
        let _ = writeln!(
            svg,
            "<circle class=\"{name}\" cx=\"{left}\" cy=\"{:.0}\" r=\"4\"/>\
             <text x=\"{:.0}\" y=\"{bottom:.0}\">{name}</text>",
            bottom - 4.0,
            left + 10.0
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// By what a doubling multiplies the cost of a delivery, on the average of a series.
pub(super) fn of_a_doubling(results: &Results, series: &Series) -> Option<f64> {
    let (first, last) = (series.shapes.first()?, series.shapes.last()?);
    let rise = cost(results, "ours", &last.name)? / cost(results, "ours", &first.name)?;
    Some(rise.powf(1.0 / (series.shapes.len() - 1) as f64))
}

fn panel(svg: &mut String, left: f64, series: &Series, results: &Results) {
    for (row, words) in wrapped(series.title).into_iter().enumerate() {
        let top = 18.0 + 16.0 * row as f64;
        let _ = writeln!(svg, "<text x=\"{left:.0}\" y=\"{top:.0}\">{words}</text>");
    }
    for step in 0..=4 {
        let value = LOWEST + (HIGHEST - LOWEST) * f64::from(step) / 4.0;
        horizontal(svg, left, value, "grid");
        let _ = writeln!(
            svg,
            "<text class=\"small\" x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\">{value:.2}</text>",
            left - 6.0,
            height_of(value) + 4.0
        );
    }
    horizontal(svg, left, ALLOWED, "allowed");
    let last = (series.shapes.len() - 1) as f64;
    let across = |step: usize| left + WIDTH * step as f64 / last;
    for step in 0..series.shapes.len() {
        let _ = writeln!(
            svg,
            "<text class=\"small\" x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}×</text>",
            across(step),
            TOP + HEIGHT + 18.0,
            1 << step
        );
    }
    for name in ["ceiling", "ours"] {
        let costs: Vec<Option<f64>> =
            series.shapes.iter().map(|shape| cost(results, name, &shape.name)).collect();
        let Some(Some(first)) = costs.first() else { continue };
        let mut points = String::new();
        for (step, cost) in costs.iter().enumerate() {
            let Some(cost) = cost else { continue };
            let (x, y) = (across(step), height_of(cost / first));
            let _ = write!(points, "{x:.1},{y:.1} ");
            let _ = writeln!(
                svg,
                "<circle class=\"{name}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"><title>{name}, {}×: \
                 {:.2}</title></circle>",
                1 << step,
                cost / first
            );
        }
        let _ = writeln!(
            svg,
            "<polyline class=\"{name} line\" style=\"fill:none\" points=\"{}\"/>",
            points.trim()
        );
    }
}

fn horizontal(svg: &mut String, left: f64, value: f64, class: &str) {
    let (y, right) = (height_of(value), left + WIDTH);
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{left:.0}\" y1=\"{y:.1}\" x2=\"{right:.0}\" y2=\"{y:.1}\"/>"
    );
}

fn height_of(value: f64) -> f64 {
    let value = value.clamp(LOWEST, HIGHEST);
    TOP + HEIGHT * (HIGHEST - value) / (HIGHEST - LOWEST)
}

/// The CPU time of a delivery, in microseconds.
fn cost(results: &Results, peer: &str, shape: &str) -> Option<f64> {
    let is_it = |one: &&Measured| one.part == "growth" && one.peer == peer && one.shape == shape;
    median(results.0.iter().filter(is_it).filter_map(|one| cpu(&one.figures, Case::Rate)))
}

/// In lines that a panel is wide enough for.
fn wrapped(title: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in title.split(' ') {
        if lines.last().is_some_and(|line| line.len() + word.len() > 42) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            let gap = if line.is_empty() { "" } else { " " };
            let _ = write!(line, "{gap}{word}");
        }
    }
    lines
}
