//! The first rows of a list that may be long, without holding the list.
//!
//! Owns: [`Rows`], which rows are asked for, and [`Top`], which keeps them. Refuses: knowing what a row is.
//! Invariant: what is kept is what a sort of everything would begin with, whatever order rows come in; it holds twice as
//! many rows as are asked for, at most.

use crate::limits::{ROWS_LISTED, ROWS_LISTED_MAX};

/// Which rows of every section are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    skip: usize,
    take: usize,
}

impl Default for Rows {
    fn default() -> Rows {
        Rows { skip: 0, take: ROWS_LISTED }
    }
}

impl Rows {
    /// All that there are. For what is small anyway.
    pub const ALL: Rows = Rows { skip: 0, take: usize::MAX };

    /// The `page`-th so many rows, counted from 1; at most [`ROWS_LISTED_MAX`] to a page.
    #[must_use]
    pub fn page(page: usize, rows: usize) -> Rows {
        let take = rows.clamp(1, ROWS_LISTED_MAX);
        Rows { skip: page.saturating_sub(1).saturating_mul(take), take }
    }

    fn end(self) -> usize {
        self.skip.saturating_add(self.take)
    }
}

/// A row with what it is sorted by.
#[derive(Debug)]
struct Ranked<T> {
    rank: f64,
    kind: u8,
    name: String,
    row: T,
}

/// The highest ranked rows.
#[derive(Debug)]
pub(crate) struct Top<T> {
    rows: Rows,
    kept: Vec<Ranked<T>>,
    seen: u64,
}

impl<T> Top<T> {
    pub(crate) fn new(rows: Rows) -> Top<T> {
        Top { rows, kept: Vec::new(), seen: 0 }
    }

    /// Adds a row; rows of one rank are in the order of their kinds and names.
    pub(crate) fn add(&mut self, rank: f64, (kind, name): (u8, &str), row: T) {
        self.seen += 1;
        self.kept.push(Ranked { rank, kind, name: name.to_owned(), row });
        if self.kept.len() > self.rows.end().saturating_mul(2) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.kept.sort_by(|a, b| {
            b.rank.total_cmp(&a.rank).then_with(|| (a.kind, &a.name).cmp(&(b.kind, &b.name)))
        });
        self.kept.truncate(self.rows.end());
    }

    /// How many rows there are besides those that were asked for.
    pub(crate) fn left_out(&self) -> u64 {
        let listed = self.seen.min(self.rows.end() as u64).saturating_sub(self.rows.skip as u64);
        self.seen.saturating_sub(listed)
    }

    /// The rows that were asked for, highest rank first.
    pub(crate) fn rows(mut self) -> Vec<T> {
        self.cut();
        self.kept.into_iter().skip(self.rows.skip).map(|ranked| ranked.row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_put_together_are_the_sorted_list() {
        let rank = |n: u32| f64::from(n * 7 % 10);
        let page = |page: usize| {
            let mut top = Top::new(Rows::page(page, 8));
            (0..50u32).for_each(|n| top.add(rank(n), (0, &format!("{n:02}")), n));
            let left_out = top.left_out();
            (top.rows(), left_out)
        };
        let mut all: Vec<u32> = (0..50).collect();
        all.sort_by(|a, b| rank(*b).total_cmp(&rank(*a)).then(a.cmp(b)));
        let pages: Vec<u32> = (1..=7).flat_map(|number| page(number).0).collect();
        assert_eq!(pages, all);
        assert_eq!((page(1).1, page(7).1, page(8).1), (42, 48, 50));
        assert!(page(8).0.is_empty());
    }
}
