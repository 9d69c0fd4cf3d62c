//! GATEWAY x REQUEST -> DECISION: the meaning of the language in code; no socket, clock, randomness or log.
//!
//! A request goes through [`Engine::admit`], [`Engine::authenticate`], [`Engine::permit`], [`Engine::check_length`] and
//! [`Engine::takes`], in this order, and only then to a service. Whoever has sockets calls the phases one by one and
//! brings what they ask for; [`Engine::decide`] runs them all. Every phase writes to a [`Trace`].

// A refusal is the answer itself, made once for a request that ends with it.
#![allow(clippy::result_large_err)]

mod admit;
mod answer;
mod authenticate;
mod bucket;
pub mod client;
mod compile;
mod cors;
mod counters;
mod credentials;
mod decide;
mod forward;
mod gather;
mod keys;
mod limits;
mod memory;
mod permission;
mod pool;
mod request;
mod token;
mod token_cache;
mod trace;
pub mod window;

pub use admit::{Admission, Turned};
pub use answer::Answer;
pub use authenticate::{Authentication, ExternalAnswer, Identity, Knowledge, Needs};
pub use compile::{DEVELOPMENT_KEY_ID, Engine, Rules, Unready};
pub use counters::{Allowance, Counters, Shortage, Take, Unlimited};
pub use decide::{Decision, End};
pub use forward::{Sender, host_sent, strip_hop_by_hop};
pub use gather::{Outcome, Question, merge};
pub use keys::KeySet;
pub use limits::Asked;
pub use memory::{Memory, Reading};
pub use pool::{Breaker, Pool, Standing};
pub use request::{Request, Timestamp};
pub use token::{Claims, claim_text};
pub use trace::{Phase, Step, Trace, Verdict};
