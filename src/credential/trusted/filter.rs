//! A Bloom filter: says of most identifiers that they are not in a set, without a look at the disk where the set is.
//!
//! Source: Bloom, CACM 1970;13:422; two hashes make all: Kirsch and Mitzenmacher, ESA 2006.

use super::revocation::RevocationId;

/// Bits for each identifier, and how many of them each sets: 0.8 % of what is not in the set is looked up in vain.
const BITS: u64 = 10;
const PROBES: u64 = 7;

/// A filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(Vec<u64>);

impl Filter {
    /// The filter of those.
    pub fn of(ids: &[RevocationId]) -> Self {
        let words = (ids.len() as u64 * BITS).div_ceil(64);
        let mut filter = Self(vec![0; usize::try_from(words).unwrap_or(usize::MAX)]);
        for id in ids {
            for bit in filter.bits(id) {
                filter.0[bit / 64] |= 1 << (bit % 64);
            }
        }
        filter
    }

    /// A filter of which nothing is read yet, with room for `bytes`.
    pub fn with_room(bytes: u64) -> Self {
        Self(Vec::with_capacity(usize::try_from(bytes / 8).unwrap_or_default()))
    }

    /// Reads on, eight bytes a word, the most significant first. What is left over of the last piece counts for nothing.
    pub fn extend(&mut self, bytes: &[u8]) {
        self.0.extend(bytes.as_chunks::<8>().0.iter().map(|word| u64::from_be_bytes(*word)));
    }

    /// The filter as it is written.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// Whether `id` may be in the set; `false` is certain.
    pub fn may_hold(&self, id: &RevocationId) -> bool {
        !self.0.is_empty() && self.bits(id).all(|bit| self.0[bit / 64] >> (bit % 64) & 1 == 1)
    }

    fn bits(&self, id: &RevocationId) -> impl Iterator<Item = usize> + use<> {
        let (first, step) = id.halves();
        let bits = u128::from(self.0.len() as u64 * 64);
        // The upper half of the product spreads evenly over any length. An even step would come back to where it was too soon.
        (0..PROBES).map(move |n| {
            let hash = first.wrapping_add(n.wrapping_mul(step | 1));
            usize::try_from((u128::from(hash) * bits) >> 64).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> RevocationId {
        RevocationId::of_pass(&number.to_be_bytes())
    }

    #[test]
    fn what_is_in_the_set_may_be_and_hardly_anything_else() {
        let filter = Filter::of(&(0..20_000).map(id).collect::<Vec<_>>());
        assert!((0..20_000).all(|number| filter.may_hold(&id(number))));
        let in_vain = (20_000..120_000).filter(|number| filter.may_hold(&id(*number))).count();
        assert!((300..1_300).contains(&in_vain), "{in_vain} of 100,000: the theory says 0.8 %");
        let mut read = Filter::with_room(1);
        filter.bytes().chunks(1_024).for_each(|piece| read.extend(piece));
        assert_eq!(read, filter);
    }

    #[test]
    fn of_nothing_nothing_is_held() {
        assert!(!Filter::of(&[]).may_hold(&id(1)));
    }
}
