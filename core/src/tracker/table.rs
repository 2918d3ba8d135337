//! A small ordered list of fixed capacity.
//!
//! Owns: nothing but its slots. Refuses: growing; a full table hands the item back as `false`.
//! Invariant: the first `len` slots hold the items in the order in which they came.

/// At most `N` items, in order, without allocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<T: Copy, const N: usize> {
    slots: [Option<T>; N],
    len: usize,
}

impl<T: Copy, const N: usize> Table<T, N> {
    pub(super) const fn new() -> Self {
        Table { slots: [None; N], len: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends, unless full.
    #[must_use]
    pub(super) fn push(&mut self, item: T) -> bool {
        match self.slots.get_mut(self.len) {
            Some(slot) => {
                *slot = Some(item);
                self.len += 1;
                true
            }
            None => false,
        }
    }

    /// The items, oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.slots.iter().take(self.len).flatten()
    }

    /// The items, oldest first, to be changed.
    pub(super) fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.slots.iter_mut().take(self.len).flatten()
    }

    /// Takes out the oldest item for which `wanted` holds.
    pub(super) fn take(&mut self, wanted: impl FnMut(&T) -> bool) -> Option<T> {
        let at = self.iter().position(wanted)?;
        let item = self.slots.get(at).copied().flatten();
        if let Some(rest) = self.slots.get_mut(at..self.len) {
            rest.rotate_left(1);
            self.len -= 1;
        }
        item
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn keeps_order_and_refuses_when_full() {
        let mut table = Table::<u8, 3>::new();
        assert!(table.push(1) && table.push(2) && table.push(3));
        assert!(!table.push(4));
        assert_eq!(table.take(|item| *item == 2), Some(2));
        assert_eq!(table.take(|item| *item == 2), None);
        assert!(table.push(5));
        assert_eq!(table.iter().copied().collect::<Vec<_>>(), [1, 3, 5]);
        while table.take(|_| true).is_some() {}
        assert!(table.is_empty());
    }
}
