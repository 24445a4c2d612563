//! An execution as a picture: lanes of text, or SVG.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use crate::journal::{Lane, Step};

/// The width of a lane, in characters, if no word of its steps is longer.
const LANE_WIDTH: usize = 44;

/// Steps as lanes: one column per thread, time downwards; a step that is long takes several rows.
pub fn lanes(steps: &[Step]) -> String {
    let lanes = used(steps);
    let texts: Vec<Vec<String>> = steps.iter().map(|step| rows(&step.text)).collect();
    let widths: Vec<usize> = lanes
        .iter()
        .map(|lane| {
            let own = steps.iter().zip(&texts).filter(|(step, _)| step.lane == *lane).flat_map(|(_, lines)| lines);
            own.map(|line| line.chars().count()).chain([lane.name().len()]).max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    let mut row = |number: &str, cells: &[&str]| {
        let mut line = format!("{number:>4} ");
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, "│ {cell:<width$} ");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    };
    row("", &lanes.iter().map(|lane| lane.name()).collect::<Vec<_>>());
    let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    row("", &rules.iter().map(String::as_str).collect::<Vec<_>>());
    for (number, (step, lines)) in (1..).zip(steps.iter().zip(&texts)) {
        for (index, line) in lines.iter().enumerate() {
            let cells: Vec<&str> = lanes.iter().map(|lane| if *lane == step.lane { &**line } else { "" }).collect();
            row(&if index == 0 { number.to_string() } else { String::new() }, &cells);
        }
    }
    out
}

/// In one row if it fits, or in at least one for each thing that was done.
fn rows(text: &str) -> Vec<String> {
    let fits = |line: &str| line.chars().count() <= LANE_WIDTH;
    if fits(text) { vec![text.into()] } else { text.split_inclusive("; ").flat_map(|part| wrap(part, fits)).collect() }
}

/// Lines that fit: broken between words, and within a word that does not fit by itself.
fn wrap(text: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        if let Some(line) = lines.last_mut() {
            let longer = format!("{line} {word}");
            if fits(&longer) {
                *line = longer;
                continue;
            }
        }
        let mut rest = String::new();
        for c in word.chars() {
            if !rest.is_empty() && !fits(&format!("{rest}{c}")) {
                lines.push(std::mem::take(&mut rest));
            }
            rest.push(c);
        }
        lines.push(rest);
    }
    lines
}

/// The lanes that somebody has a step in, in the order of the pictures.
fn used(steps: &[Step]) -> Vec<Lane> {
    Lane::ALL.into_iter().filter(|lane| steps.iter().any(|step| step.lane == *lane)).collect()
}

/// A text of the picture. Which typeface shows it is only known where it is looked at.
#[derive(Clone, Copy)]
struct Font {
    class: &'static str,
    size: usize,
    bold: bool,
}

const TITLE: Font = Font { class: "tk-ink", size: 20, bold: true };
const LANE: Font = Font { class: "tk-ink", size: 15, bold: true };
const NUMBER: Font = Font { class: "tk-dim", size: 12, bold: false };
const STEP: Font = Font { class: "tk-ink", size: 15, bold: false };
const LAST: Font = Font { class: "tk-red", size: 15, bold: true };
const BROKEN: Font = Font { class: "tk-red", size: 17, bold: true };
const CAPTION: Font = Font { class: "tk-ink", size: 15, bold: false };

impl Font {
    /// Not less than in DejaVu Sans, which is wide.
    fn width(self, text: &str) -> usize {
        let thousandths = text.chars().map(|c| match c {
            ' ' | 'f' | 'i' | 'j' | 'l' | ',' | '.' | '\'' => 370,
            'r' | 't' | 'I' | '!' | '(' | ')' | '[' | ']' | '-' | ':' | ';' | '|' => 460,
            'm' | 'M' | 'W' | '@' | '%' => 1000,
            'w' => 840,
            'a'..='z' | '0'..='9' | '"' | '/' | '\\' | '_' | '?' | '$' | '*' | '`' | '{' | '}' => 640,
            '!'..='~' => 840,
            _ => 1250,
        });
        let percent = if self.bold { 120 } else { 100 };
        (thousandths.sum::<usize>() * self.size * percent).div_ceil(100_000)
    }

    /// From one line to the next.
    fn leading(self) -> usize {
        self.size * 4 / 3
    }

    /// Lines that fit into `room`.
    fn wrap(self, text: &str, room: usize) -> Vec<String> {
        wrap(text, |line| self.width(line) <= room)
    }

    /// One line if it fits, or at least one for each thing that was done.
    fn things(self, text: &str, room: usize) -> Vec<String> {
        if self.width(text) <= room {
            return vec![text.into()];
        }
        text.split_inclusive("; ").flat_map(|thing| self.balance(thing, room)).collect()
    }

    /// As many lines, and the longest as short as it can be.
    fn balance(self, text: &str, room: usize) -> Vec<String> {
        let lines = self.wrap(text, room);
        let word = text.split_whitespace().map(|word| self.width(word)).max().unwrap_or(0);
        let mut narrower = (word..room).map(|room| self.wrap(text, room));
        narrower.find(|narrower| narrower.len() == lines.len()).unwrap_or(lines)
    }

    /// Writes lines from `top` downwards, and says where they end.
    fn write(self, out: &mut String, anchor: &str, x: usize, top: usize, lines: &[String]) -> usize {
        let Self { class, size, bold } = self;
        let weight = if bold { 600 } else { 400 };
        let mut y = top;
        for line in lines {
            let (base, line) = (y + (self.leading() + size * 3 / 4) / 2, escaped(line));
            let _ = writeln!(
                out,
                r#"<text class="{class}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" x="{x}" y="{base}">{line}</text>"#
            );
            y += self.leading();
        }
        y
    }
}

/// Text for XML, which cannot hold control characters in any way.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c.is_whitespace() => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

const TYPEFACE: &str = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";

const STYLE: &str = "
.tk-paper { fill: #ffffff }
.tk-ink { fill: #1c2128 }
.tk-dim { fill: #69717d }
.tk-red { fill: #a31621 }
.tk-bar { fill: #c4222f }
.tk-lane { stroke: #d3d8df; stroke-width: 1.5 }
.tk-way { fill: none; stroke: #3558c9; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round }
.tk-step { fill: #f5f7fa; stroke: #b9c1cc }
.tk-last { fill: #fdeeee; stroke: #c4222f; stroke-width: 2.5 }
@media screen and (prefers-color-scheme: dark) {
  .tk-paper { fill: #14181d }
  .tk-ink { fill: #e4e8ee }
  .tk-dim { fill: #949eab }
  .tk-red { fill: #ff9a9a }
  .tk-bar { fill: #ff7b7b }
  .tk-lane { stroke: #343b45 }
  .tk-way { stroke: #8aa4ff }
  .tk-step { fill: #1f252d; stroke: #4b5562 }
  .tk-last { fill: #3a1c20; stroke: #ff7b7b }
}
";

/// Around the picture, and for the numbers at its left.
const MARGIN: usize = 32;
const NUMBERS: usize = 28;
/// Between two lanes, and between two steps.
const LANE_GAP: usize = 28;
const STEP_GAP: usize = 18;
/// Around the text of a step, and at its corners.
const BESIDE: usize = 12;
const ABOVE: usize = 7;
const RADIUS: usize = 8;
/// From the bar to the caption.
const INDENT: usize = 16;
/// The width of a step, and of all lanes: many lanes have narrow steps, and are wider together.
const STEPS: RangeInclusive<usize> = 150..=420;
const LANES: RangeInclusive<usize> = 420..=1032;

/// Where the lanes are, and how wide their steps.
struct Columns {
    lanes: Vec<Lane>,
    pitch: usize,
    step: usize,
}

impl Columns {
    fn new(title: &str, steps: &[Step]) -> Self {
        let lanes = used(steps);
        let count = lanes.len().max(1);
        let texts = steps.iter().enumerate().map(|(at, step)| font(steps, at).width(&step.text));
        let names = lanes.iter().map(|lane| LANE.width(lane.name()));
        let wanted = texts.chain(names).max().unwrap_or(0) + 2 * BESIDE;
        let most = (LANES.end() / count).saturating_sub(LANE_GAP).clamp(*STEPS.start(), *STEPS.end());
        let step = wanted.clamp(*STEPS.start(), most);
        let least = TITLE.width(title).saturating_sub(NUMBERS).clamp(*LANES.start(), *LANES.end());
        Self { lanes, step, pitch: (step + LANE_GAP).max(least.div_ceil(count)) }
    }

    fn width(&self) -> usize {
        MARGIN + NUMBERS + self.pitch * self.lanes.len().max(1) + MARGIN
    }

    /// The middle of a lane.
    fn x(&self, lane: Lane) -> usize {
        let at = self.lanes.iter().position(|used| *used == lane).unwrap_or(0);
        MARGIN + NUMBERS + self.pitch * at + self.pitch / 2
    }

    /// The way to a step at `top` from the one before, which lies between `above` and `below`.
    fn way(&self, from: Lane, above: usize, below: usize, to: Lane, top: usize) -> String {
        let (from, to) = (self.x(from), self.x(to));
        if from == to {
            return format!("M{to} {below}V{top}");
        }
        let (edge, turn, sweep) =
            if from < to { (from + self.step / 2, to - RADIUS, 1) } else { (from - self.step / 2, to + RADIUS, 0) };
        let (y, tip) = (usize::midpoint(above, below), top - 2);
        let (bend, wing, left, right) = (y + RADIUS, tip - 6, to - 4, to + 4);
        format!(
            "M{edge} {y}H{turn}A{RADIUS} {RADIUS} 0 0 {sweep} {to} {bend}V{tip}M{left} {wing}L{to} {tip}L{right} {wing}"
        )
    }
}

fn font(steps: &[Step], at: usize) -> Font {
    if at + 1 == steps.len() { LAST } else { STEP }
}

/// Steps as a picture that a slide can show: a lane for each thread, time downwards, the way from step to step, and the last one marked,
/// with what it breaks below. What stands before the first `: ` of the caption is its head.
///
/// It is a file of its own, that fetches nothing and runs nothing, dark where its viewer is, and the same for the same steps.
pub fn svg(title: &str, caption: &str, steps: &[Step]) -> String {
    let columns = Columns::new(title, steps);
    let width = columns.width();
    let (mut lines, mut boxes, mut texts) = (String::new(), String::new(), String::new());

    let mut y = TITLE.write(&mut texts, "start", MARGIN, MARGIN, &TITLE.balance(title, width - 2 * MARGIN)) + STEP_GAP;
    for lane in &columns.lanes {
        LANE.write(&mut texts, "middle", columns.x(*lane), y, &[lane.name().into()]);
    }
    y += LANE.leading() + ABOVE;
    let head = y;
    let mut ways = String::new();
    let mut before = None;
    for (at, step) in steps.iter().enumerate() {
        let (font, x, top) = (font(steps, at), columns.x(step.lane), y + STEP_GAP);
        let text = font.things(&step.text, columns.step - 2 * BESIDE);
        y = font.write(&mut texts, "middle", x, top + ABOVE, &text).max(top + ABOVE + font.leading()) + ABOVE;
        let number = usize::midpoint(top, y) - NUMBER.leading() / 2;
        NUMBER.write(&mut texts, "end", MARGIN + NUMBERS - BESIDE, number, &[(at + 1).to_string()]);
        let class = if at + 1 == steps.len() { "tk-last" } else { "tk-step" };
        let (left, wide, high) = (x - columns.step / 2, columns.step, y - top);
        let _ = writeln!(
            boxes,
            r#"<rect class="{class}" x="{left}" y="{top}" width="{wide}" height="{high}" rx="{RADIUS}"/>"#
        );
        if let Some((lane, above, below)) = before.replace((step.lane, top, y)) {
            let way = columns.way(lane, above, below, step.lane, top);
            let _ = writeln!(ways, r#"<path class="tk-way" d="{way}"/>"#);
        }
    }
    y += STEP_GAP;
    for lane in &columns.lanes {
        let x = columns.x(*lane);
        let _ = writeln!(lines, r#"<path class="tk-lane" d="M{x} {head}V{y}"/>"#);
    }

    y += STEP_GAP;
    let (x, bar, room) = (MARGIN + INDENT, y, width - 2 * MARGIN - INDENT);
    let (broken, how) = caption.split_once(": ").unwrap_or(("", caption));
    y = BROKEN.write(&mut texts, "start", x, y, &BROKEN.wrap(broken, room));
    y = CAPTION.write(&mut texts, "start", x, y + 4, &CAPTION.wrap(how, room));
    let _ = writeln!(boxes, r#"<rect class="tk-bar" x="{MARGIN}" y="{bar}" width="4" height="{}"/>"#, y - bar);
    let height = y + MARGIN;

    let told = steps.iter().zip(1..).map(|(step, at)| format!("{at} {}: {}. ", step.lane.name(), step.text));
    let told = escaped(&(told.collect::<String>() + caption));
    let title = escaped(title);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="{TYPEFACE}">
<title>{title}</title>
<desc>{told}</desc>
<style>{STYLE}</style>
<rect class="tk-paper" width="{width}" height="{height}" rx="12"/>
{lines}{ways}{boxes}{texts}</svg>
"#
    )
}

#[cfg(test)]
mod tests {
    use roxmltree::{Document, Node};

    use super::*;

    fn step(lane: Lane, text: &str) -> Step {
        Step { lane, text: text.into() }
    }

    #[test]
    fn each_thread_has_its_column_and_each_step_its_row() {
        let steps =
            [step(Lane::Poller, "poll: nothing"), step(Lane::Delivery, "assign s1"), step(Lane::Poller, "ends")];
        let picture = "     │ delivery  │ poller\n     │ ───────── │ ─────────────\n   1 │           │ poll: nothing\n   \
                       2 │ assign s1 │\n   3 │           │ ends\n";
        assert_eq!(lanes(&steps), picture);
    }

    /// Title, caption and steps: usual ones, one, none, many, and what nobody would write.
    fn pictures() -> Vec<(String, String, Vec<Step>)> {
        let usual = vec![
            step(Lane::Delivery, "assign s1"),
            step(Lane::Poller, "poll: takes s1 from the deque"),
            step(Lane::Checkpoint, "barrier; the snapshot holds nothing"),
            step(Lane::Poller, "takes the checkpoint lock, which it should have had before it took anything else"),
            step(Lane::Poller, "reads s1"),
        ];
        let odd = [
            "",
            "\n",
            "<script>alert(\"it's & that's\")</script> ]]> -->",
            "a\u{1b}[31mred\u{0}\u{ffff}\t end",
            &"W".repeat(5_000),
            "日本語の長いテキスト👍🏽👍🏽👍🏽👍🏽👍🏽👍🏽👍🏽👍🏽 é",
            "several words and_one_that_is_much_too_long_for_any_lane_of_the_picture_by_itself then others",
        ];
        let odd: Vec<Step> = odd.iter().zip(Lane::ALL).map(|(text, lane)| step(lane, text)).collect();
        let all = Lane::ALL.map(|lane| step(lane, "does what it has always done, in words enough for three lines"));
        let many = all.iter().cycle().take(120).cloned().collect();
        let long = "I1 conservation: ".to_owned() + &"<nothing> & \"nothing\" else, ".repeat(40);
        vec![
            ("C02 · poll-before-lock".into(), "I6 one cut: s1 is lost".into(), usual),
            ("x".into(), "y".into(), vec![step(Lane::Poller, "reads s1")]),
            (String::new(), String::new(), vec![]),
            ("'<A & B>' \"C\" ".repeat(20), long, odd),
            ("all".into(), ": ".into(), all.into()),
            ("many".into(), "a: b: c".into(), many),
        ]
    }

    #[derive(Clone, Copy, Debug)]
    struct Area {
        x: [usize; 2],
        y: [usize; 2],
    }

    impl Area {
        fn holds(self, other: Self) -> bool {
            let holds = |one: [usize; 2], other: [usize; 2]| one[0] <= other[0] && other[1] <= one[1];
            holds(self.x, other.x) && holds(self.y, other.y)
        }

        fn meets(self, other: Self) -> bool {
            let meet = |one: [usize; 2], other: [usize; 2]| one[0] < other[1] && other[0] < one[1];
            meet(self.x, other.x) && meet(self.y, other.y)
        }
    }

    fn number(node: Node, name: &str) -> usize {
        node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} of {node:?}"))
    }

    fn rectangles(picture: &Document, class: &str) -> Vec<Area> {
        let nodes = picture.descendants().filter(|node| node.tag_name().name() == "rect");
        let of = |node: Node| {
            let [x, y, wide, high] = ["x", "y", "width", "height"].map(|name| number(node, name));
            Area { x: [x, x + wide], y: [y, y + high] }
        };
        nodes.filter(|node| node.attribute("class") == Some(class)).map(of).collect()
    }

    /// Each text, and the area that it needs.
    fn texts(picture: &Document) -> Vec<(String, Area)> {
        let nodes = picture.descendants().filter(|node| node.tag_name().name() == "text");
        let of = |node: Node| {
            let (text, x, base, size) =
                (node.text().unwrap_or(""), number(node, "x"), number(node, "y"), number(node, "font-size"));
            let bold = number(node, "font-weight") > 400;
            let wide = Font { class: "", size, bold }.width(text);
            let left = match node.attribute("text-anchor") {
                Some("start") => x,
                Some("middle") => x - wide.div_ceil(2),
                _ => x - wide,
            };
            (text.to_string(), Area { x: [left, left + wide], y: [base - size * 4 / 5, base + size / 4] })
        };
        nodes.map(of).collect()
    }

    /// As it is shown: without white space, and without what XML has no place for.
    fn letters(text: &str) -> String {
        let shown = text.chars().filter(|c| !c.is_whitespace());
        shown.map(|c| if c.is_control() || c == '\u{ffff}' { '\u{fffd}' } else { c }).collect()
    }

    #[test]
    fn every_word_is_in_the_picture_and_each_step_in_a_box_of_its_own() {
        for (title, caption, steps) in pictures() {
            let svg = svg(&title, &caption, &steps);
            let picture = Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
            let (mut boxes, texts) = (rectangles(&picture, "tk-step"), texts(&picture));
            let last = rectangles(&picture, "tk-last");
            assert_eq!(last.len(), steps.len().min(1));
            boxes.extend(last);
            assert_eq!(boxes.len(), steps.len());
            for (area, step) in boxes.iter().zip(&steps) {
                let inside: String =
                    texts.iter().filter(|(_, text)| area.holds(*text)).map(|(text, _)| text.as_str()).collect();
                assert_eq!(letters(&inside), letters(&step.text));
            }
            let all: String = texts.iter().map(|(text, _)| text.as_str()).collect();
            let (head, rest) = caption.split_once(": ").unwrap_or(("", &caption));
            assert!(letters(&all).starts_with(&letters(&title)), "{all}");
            assert!(letters(&all).ends_with(&(letters(head) + &letters(rest))), "{all}");
            for lane in used(&steps) {
                assert!(texts.iter().any(|(text, _)| text == lane.name()), "{lane:?}");
            }
        }
    }

    #[test]
    fn nothing_lies_over_anything_else_or_outside() {
        for (title, caption, steps) in pictures() {
            let svg = svg(&title, &caption, &steps);
            let picture = Document::parse(&svg).expect("well-formed");
            let root = picture.root_element();
            let paper = Area { x: [0, number(root, "width")], y: [0, number(root, "height")] };
            let mut boxes = rectangles(&picture, "tk-step");
            boxes.extend(rectangles(&picture, "tk-last"));
            for pair in boxes.windows(2) {
                assert!(pair[0].y[1] + RADIUS < pair[1].y[0], "time goes downwards: {pair:?}");
            }
            let mut areas = texts(&picture);
            areas.extend(rectangles(&picture, "tk-bar").into_iter().map(|area| ("the bar".to_string(), area)));
            for (at, (text, area)) in areas.iter().enumerate() {
                assert!(paper.holds(*area), "{text}: {area:?} in {paper:?}");
                for (other, there) in &areas[..at] {
                    assert!(!area.meets(*there), "{text:?} and {other:?}: {area:?} and {there:?}");
                }
                for there in &boxes {
                    assert!(!area.meets(*there) || there.holds(*area), "{text:?}: {area:?} half in {there:?}");
                }
            }
        }
    }

    #[test]
    fn there_is_an_arrow_wherever_another_lane_goes_on() {
        for (title, caption, steps) in pictures() {
            let svg = svg(&title, &caption, &steps);
            let picture = Document::parse(&svg).expect("well-formed");
            let ways: Vec<bool> = picture
                .descendants()
                .filter(|node| node.attribute("class") == Some("tk-way"))
                .map(|way| way.attribute("d").is_some_and(|d| d.contains('H')))
                .collect();
            let switches: Vec<bool> = steps.windows(2).map(|pair| pair[0].lane != pair[1].lane).collect();
            assert_eq!(ways, switches);
        }
    }

    #[test]
    fn it_has_a_name_and_a_description_and_fetches_nothing() {
        for (title, caption, steps) in pictures() {
            let svg = svg(&title, &caption, &steps);
            let picture = Document::parse(&svg).expect("well-formed");
            assert_eq!(picture.root_element().attribute("role"), Some("img"));
            let told = |name| picture.descendants().find(|node| node.tag_name().name() == name)?.text();
            assert_eq!(letters(told("title").unwrap_or("")), letters(&title));
            let description = letters(told("desc").unwrap_or(""));
            assert!(steps.iter().all(|step| description.contains(&letters(&step.text))), "{description}");
            assert!(description.ends_with(&letters(&caption)), "{description}");
            let mut names: Vec<&str> =
                picture.descendants().filter(Node::is_element).map(|node| node.tag_name().name()).collect();
            names.sort_unstable();
            names.dedup();
            assert!(names.iter().all(|name| ["desc", "path", "rect", "style", "svg", "text", "title"].contains(name)));
            assert!(!STYLE.contains("url") && !STYLE.contains("import"));
        }
    }

    #[test]
    fn no_character_is_wider_than_it_is_taken_for() {
        // From the space to the tilde, in thousandths.
        const REGULAR: [usize; 95] = [
            318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337, 637, 637, 637, 637, 637,
            637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 699, 771, 632, 576, 775, 752, 295,
            295, 656, 558, 863, 749, 788, 604, 788, 695, 635, 611, 732, 685, 989, 686, 611, 686, 391, 337, 391, 838,
            500, 500, 613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580, 278, 975, 634, 612, 635, 635, 412, 521,
            393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
        ];
        const BOLD: [usize; 95] = [
            349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366, 696, 696, 696, 696, 696,
            696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 581, 1000, 774, 763, 734, 831, 684, 684, 821, 837, 373,
            373, 775, 638, 996, 837, 851, 733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458, 366, 458, 838,
            500, 500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688, 716, 716, 494, 596,
            479, 712, 652, 924, 646, 652, 583, 712, 366, 712, 838,
        ];
        for (bold, widths) in [(false, REGULAR), (true, BOLD)] {
            for (c, width) in (' '..='~').zip(widths) {
                let taken = Font { class: "", size: 1_000, bold }.width(&c.to_string());
                assert!(width <= taken, "{c:?} bold: {bold}: {width}, taken for {taken}");
            }
        }
    }
}
