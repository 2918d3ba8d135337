//! Values that follow each other, as high as they are.
//!
//! Owns: the picture of a line. Refuses: values and how many there are.
//! Invariant: a character is a value, and the tallest one is the largest: heights are told from 0, as all durations are.

use std::cell::Cell;

/// From the lowest to the highest. Where a terminal has no other characters, digits.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

thread_local! {
    static HAS_BLOCKS: Cell<bool> = const { Cell::new(true) };
}

/// Makes texts for a terminal that shows block characters, or for one that has only those of ASCII.
pub fn with_blocks<T>(has_blocks: bool, make: impl FnOnce() -> T) -> T {
    let before = HAS_BLOCKS.replace(has_blocks);
    let made = make();
    HAS_BLOCKS.set(before);
    made
}

/// A character for each value, and for each that is not known.
pub(super) fn trend(values: &[Option<u64>]) -> String {
    let most = values.iter().flatten().max().copied().unwrap_or(0).max(1);
    let (heights, gap): (&[char], char) = if HAS_BLOCKS.get() { (&BLOCKS, ' ') } else { (&DIGITS, '.') };
    let of = |value: &u64| {
        let height = (*value as f64 / most as f64 * (heights.len() - 1) as f64).round() as usize;
        heights.get(height).copied().unwrap_or(gap)
    };
    values.iter().map(|value| value.as_ref().map_or(gap, of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_the_tallest_and_heights_begin_at_0() {
        assert_eq!(trend(&[Some(0), Some(50), None, Some(100)]), "▁▅ █");
        assert_eq!(with_blocks(false, || trend(&[Some(0), Some(50), None, Some(100)])), "05.9");
        assert_eq!((trend(&[]), trend(&[None]), trend(&[Some(0)])), (String::new(), " ".into(), "▁".into()));
        assert_eq!(trend(&[Some(7), Some(7)]), "██", "what does not change is a line");
    }
}
