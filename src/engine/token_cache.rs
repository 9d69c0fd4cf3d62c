//! Tokens that were verified, so that each signature is checked once.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use super::request::Timestamp;
use super::token::{Claims, in_time};

const SHARDS: usize = 16;
const MOST_A_SHARD: usize = 1024;
// Longer ones are rare and would make the bound in bytes meaningless.
const LONGEST: usize = 8 * 1024;

/// A cache of one scheme. Only verified tokens get in, so nobody without a key can fill it or make its hashes collide.
#[derive(Debug, Default)]
pub struct TokenCache {
    shards: [Mutex<Shard>; SHARDS],
}

type Shard = HashMap<Token, Entry, BuildHasherDefault<TailHasher>>;

#[derive(Debug)]
struct Entry {
    claims: Arc<Claims>,
    generation: u64,
}

/// Compared whole, hashed by its signature's end.
#[derive(Debug, PartialEq, Eq)]
struct Token(Box<str>);

impl std::borrow::Borrow<str> for Token {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Hash for Token {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Folds the last 16 bytes of what is written: a signature is as good as random.
#[derive(Debug, Default)]
struct TailHasher(u64);

impl Hasher for TailHasher {
    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26)
    }
    fn write(&mut self, bytes: &[u8]) {
        let tail = &bytes[bytes.len().saturating_sub(16)..];
        for (at, byte) in tail.iter().enumerate() {
            self.0 ^= u64::from(*byte).rotate_left(u32::try_from(at * 11 % 64).unwrap_or(0));
        }
    }
}

impl TokenCache {
    fn shard(&self, token: &str) -> &Mutex<Shard> {
        let last = token
            .as_bytes()
            .iter()
            .rev()
            .take(4)
            .fold(0, |sum, b| sum * 7 + usize::from(*b));
        &self.shards[last % SHARDS]
    }

    /// The claims of a token that was verified with this generation of the keys.
    #[must_use]
    pub fn get(&self, token: &str, generation: u64) -> Option<Arc<Claims>> {
        let shard = self
            .shard(token)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let entry = shard.get(token)?;
        (entry.generation == generation).then(|| entry.claims.clone())
    }

    /// Keeps a verified token until it expires or room is needed.
    pub fn put(&self, token: &str, generation: u64, claims: &Arc<Claims>, now: Timestamp) {
        if token.len() > LONGEST {
            return;
        }
        let mut shard = self
            .shard(token)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= MOST_A_SHARD {
            shard.retain(|_, held| {
                held.generation == generation && in_time(&held.claims, now).is_ok()
            });
        }
        if shard.len() >= MOST_A_SHARD {
            let mut flip = false;
            shard.retain(|_, _| {
                flip = !flip;
                flip
            });
        }
        let entry = Entry {
            claims: claims.clone(),
            generation,
        };
        shard.insert(Token(token.into()), entry);
    }
}
