//! What the schedules exercised, counted, so that a reader sees that everything was.
//!
//! Owns: the counts, their sum over shards, and the page that is printed. Refuses: judgement.
//! Invariant: what one shard writes, the one that adds them up reads.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Counts by kind and name, and the worst figures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stats {
    /// Steps are many and their names few: found by where the name lies.
    steps: Vec<(&'static str, u64)>,
    counts: BTreeMap<String, BTreeMap<String, u64>>,
    worst: BTreeMap<String, u64>,
}

impl Stats {
    /// Counts one more of this kind.
    pub(super) fn count(&mut self, kind: &'static str, name: &str) {
        self.add(kind, name, 1);
    }

    /// Counts a step; how often it was taken by now.
    pub(super) fn step(&mut self, name: &'static str) -> u64 {
        match self.steps.iter_mut().find(|(known, _)| std::ptr::eq(*known, name)) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.steps.push((name, 1));
                1
            }
        }
    }

    fn add(&mut self, kind: &str, name: &str, count: u64) {
        if !self.counts.contains_key(kind) {
            self.counts.insert(kind.to_owned(), BTreeMap::new());
        }
        let Some(names) = self.counts.get_mut(kind) else { return };
        match names.get_mut(name) {
            Some(known) => *known += count,
            None => {
                names.insert(name.to_owned(), count);
            }
        }
    }

    /// Notes a figure, of which only the worst is kept.
    pub(super) fn worst(&mut self, name: &'static str, figure: u64) {
        match self.worst.get_mut(name) {
            Some(worst) => *worst = figure.max(*worst),
            None => {
                self.worst.insert(name.to_owned(), figure);
            }
        }
    }

    /// How often this was counted.
    pub(super) fn of(&self, kind: &str, name: &str) -> u64 {
        self.counts.get(kind).and_then(|names| names.get(name)).copied().unwrap_or_default()
    }

    /// What was counted of this kind.
    pub(super) fn names(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.counts.get(kind).into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The same counts, in the form in which those of several schedules are.
    pub(super) fn merged(self) -> Stats {
        let mut merged = Stats::default();
        merged.merge(self);
        merged
    }

    /// Adds what another schedule counted.
    pub(super) fn merge(&mut self, other: Stats) {
        for (name, count) in other.steps {
            self.add("steps", name, count);
        }
        for (kind, names) in other.counts {
            for (name, count) in names {
                self.add(&kind, &name, count);
            }
        }
        for (name, figure) in other.worst {
            let worst = self.worst.entry(name).or_default();
            *worst = figure.max(*worst);
        }
    }

    /// In a form that [`Stats::parse`] reads.
    pub(super) fn to_lines(&self) -> String {
        let mut text = String::new();
        for (kind, names) in &self.counts {
            for (name, count) in names {
                let _ = writeln!(text, "count\t{kind}\t{name}\t{count}");
            }
        }
        for (name, figure) in &self.worst {
            let _ = writeln!(text, "worst\t\t{name}\t{figure}");
        }
        text
    }

    /// What [`Stats::to_lines`] wrote, whatever stands around it.
    pub(super) fn parse(text: &str) -> Stats {
        let mut stats = Stats::default();
        for line in text.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            match fields.as_slice() {
                ["count", kind, name, count] => stats.add(kind, name, count.parse().unwrap_or_default()),
                ["worst", _, name, figure] => {
                    stats.worst.insert((*name).to_owned(), figure.parse().unwrap_or_default());
                }
                _ => {}
            }
        }
        stats
    }

    /// The page for a reader.
    pub(super) fn page(&self) -> String {
        let mut page = String::new();
        for (kind, names) in &self.counts {
            let all: u64 = names.values().sum();
            let _ = write!(page, "\n{kind}: {all}\n   ");
            let mut width = 3;
            for (name, count) in names {
                let item = format!(" {name} {count};");
                if width + item.len() > 118 {
                    page.push_str("\n   ");
                    width = 3;
                }
                width += item.len();
                page.push_str(&item);
            }
            page.push('\n');
        }
        page.push_str("\nworst\n");
        for (name, figure) in &self.worst {
            let _ = writeln!(page, "    {name}: {figure}");
        }
        page
    }
}

#[test]
fn shards_are_added_up() {
    let mut one = Stats::default();
    one.count("kills", "renamed");
    one.step("renamed");
    one.worst("bytes", 7);
    let mut sum = Stats::default();
    sum.merge(one);
    let mut twice = Stats::parse(&format!("running\n{}ok\n", sum.to_lines()));
    assert_eq!(twice, sum);
    twice.worst("bytes", 5);
    twice.merge(sum);
    assert_eq!((twice.of("kills", "renamed"), twice.of("steps", "renamed")), (2, 2));
    assert!(twice.page().contains("bytes: 7"));
}
