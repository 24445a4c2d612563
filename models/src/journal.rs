//! What happened in one execution, in the reader's own words: who did what, in which order.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

/// Who does a step. One column of the picture each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// The thread that hands over assignments and the end.
    Delivery,
    /// The task.
    Poller,
    /// The thread that takes snapshots and sends barriers.
    Checkpoint,
    /// The enumerator of a job.
    Enumerator,
    /// Its first reader.
    #[serde(rename = "reader 0")]
    Reader0,
    /// Its second reader.
    #[serde(rename = "reader 1")]
    Reader1,
    /// The checkpoint coordinator.
    Coordinator,
}

impl Lane {
    const ALL: [Self; 7] = [
        Self::Delivery,
        Self::Poller,
        Self::Checkpoint,
        Self::Enumerator,
        Self::Reader0,
        Self::Reader1,
        Self::Coordinator,
    ];
    /// The readers of a job.
    pub const READERS: [Self; 2] = [Self::Reader0, Self::Reader1];

    /// Its head in pictures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Poller => "poller",
            Self::Checkpoint => "checkpoint",
            Self::Enumerator => "enumerator",
            Self::Reader0 => "reader 0",
            Self::Reader1 => "reader 1",
            Self::Coordinator => "coordinator",
        }
    }
}

/// One step of one thread.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// Whose.
    pub lane: Lane,
    /// What it was.
    pub text: String,
}

/// A split, by its number.
pub type Split = u8;

/// What a checkpoint stands for: what had been emitted, and what the snapshot holds.
pub type CutFound = (Vec<Split>, Vec<Split>);

#[derive(Default)]
struct Pages {
    steps: Vec<Step>,
    emitted: Vec<Split>,
    cut: Option<CutFound>,
}

/// The record of one execution. Not seen by the checker: writing into it is no step of the model.
#[derive(Clone, Default)]
pub struct Journal(Arc<Mutex<Pages>>);

impl Journal {
    fn pages<T>(&self, with: impl FnOnce(&mut Pages) -> T) -> T {
        with(&mut self.0.lock().expect("nobody panics while writing"))
    }

    /// `lane` did something.
    pub fn note(&self, lane: Lane, text: impl Into<String>) {
        self.pages(|pages| pages.steps.push(Step { lane, text: text.into() }));
    }

    /// The poller emitted `split`.
    pub fn emit(&self, split: Split) {
        self.note(Lane::Poller, format!("emit s{split}"));
        self.pages(|pages| pages.emitted.push(split));
    }

    /// `lane` has taken `snapshot` and sent the barrier: the checkpoint stands here.
    pub fn barrier(&self, lane: Lane, snapshot: Vec<Split>) {
        self.note(lane, format!("barrier; the snapshot holds {}", set(&snapshot)));
        self.pages(|pages| pages.cut = Some((pages.emitted.clone(), snapshot)));
    }

    /// What was emitted, in order.
    pub fn emitted(&self) -> Vec<Split> {
        self.pages(|pages| pages.emitted.clone())
    }

    /// The checkpoint, if one was taken.
    pub fn cut(&self) -> Option<CutFound> {
        self.pages(|pages| pages.cut.clone())
    }

    /// All steps, in order.
    pub fn steps(&self) -> Vec<Step> {
        self.pages(|pages| pages.steps.clone())
    }

    /// Begins a new execution.
    pub fn clear(&self) {
        self.pages(|pages| *pages = Pages::default());
    }
}

/// Splits the way people write them.
pub fn set(splits: &[Split]) -> String {
    if splits.is_empty() {
        return "nothing".to_string();
    }
    splits.iter().map(|split| format!("s{split}")).collect::<Vec<_>>().join(", ")
}

/// Steps as lanes: one column per thread, one row per step, time downwards.
pub fn lanes(steps: &[Step]) -> String {
    let lanes: Vec<Lane> = Lane::ALL.into_iter().filter(|lane| steps.iter().any(|step| step.lane == *lane)).collect();
    let widths: Vec<usize> = lanes
        .iter()
        .map(|lane| {
            let own = steps.iter().filter(|step| step.lane == *lane).map(|step| step.text.chars().count());
            own.chain([lane.name().len()]).max().unwrap_or(0)
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
    for (number, step) in steps.iter().enumerate() {
        let cells: Vec<&str> = lanes.iter().map(|lane| if *lane == step.lane { &*step.text } else { "" }).collect();
        row(&(number + 1).to_string(), &cells);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_has_its_column_and_each_step_its_row() {
        let step = |lane, text: &str| Step { lane, text: text.into() };
        let steps =
            [step(Lane::Poller, "poll: nothing"), step(Lane::Delivery, "assign s1"), step(Lane::Poller, "ends")];
        let picture = "     │ delivery  │ poller\n     │ ───────── │ ─────────────\n   1 │           │ poll: nothing\n   \
                       2 │ assign s1 │\n   3 │           │ ends\n";
        assert_eq!(lanes(&steps), picture);
    }
}
