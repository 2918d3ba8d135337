//! A small ordered list of fixed capacity.
//!
//! Owns: nothing but its slots. Refuses: growing; a full table hands the item back as `false`.
//! Invariant: the first `len` slots hold the items in the order in which they came, and the others nothing.
//!
//! It is written as its items alone, so that an empty one takes a byte; more items than fit are no table.

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;

/// At most `N` items, in order, without allocation.
#[derive(Clone, Copy, Debug, PartialEq)]
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

    /// Appends; a full table forgets its oldest item for it.
    pub(super) fn push_over(&mut self, item: T) {
        if self.len == N {
            self.take(|_| true);
        }
        let _has_room = self.push(item);
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
        let rest = self.slots.get_mut(at..self.len)?;
        let item = rest.first_mut()?.take();
        rest.rotate_left(1);
        self.len -= 1;
        item
    }
}

impl<T: Copy + Serialize, const N: usize> Serialize for Table<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(Some(self.len))?;
        for item in self.iter() {
            items.serialize_element(item)?;
        }
        items.end()
    }
}

impl<'de, T: Copy + Deserialize<'de>, const N: usize> Deserialize<'de> for Table<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T, const N: usize>(PhantomData<T>);

impl<'de, T: Copy + Deserialize<'de>, const N: usize> Visitor<'de> for Items<T, N> {
    type Value = Table<T, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {N} items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut table = Table::new();
        while let Some(item) = items.next_element()? {
            if !table.push(item) {
                return Err(A::Error::invalid_length(N + 1, &self));
            }
        }
        Ok(table)
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
        table.push_over(6);
        assert_eq!(table.iter().copied().collect::<Vec<_>>(), [3, 5, 6]);
        while table.take(|_| true).is_some() {}
        assert!(table.is_empty());
        assert_eq!(table, Table::new(), "what was taken leaves nothing behind");
    }

    #[test]
    fn is_written_as_its_items_and_refuses_more_than_fit() {
        let mut table = Table::<u8, 3>::new();
        assert_eq!(postcard::to_stdvec(&table).unwrap(), [0]);
        assert!(table.push(7) && table.push(8));
        let bytes = postcard::to_stdvec(&table).unwrap();
        assert_eq!(bytes, [2, 7, 8]);
        assert_eq!(postcard::from_bytes::<Table<u8, 3>>(&bytes).unwrap(), table);
        assert!(postcard::from_bytes::<Table<u8, 1>>(&bytes).is_err());
    }
}
