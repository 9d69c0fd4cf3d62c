//! GATEWAY x URL -> VERDICTS: probes made from the spec, what the engine expects of them, and what a running gateway answers.

pub mod bypass;
pub mod contrast;
pub mod dice;
pub mod engines;
pub mod expect;
pub mod expected;
pub mod generate;
pub mod identity;
pub mod judge;
pub mod keys;
pub mod probe;
pub mod rig;
pub mod run;
pub mod runner;
pub mod seen;
pub mod shape;
pub mod shows;
pub mod translate;
pub mod upstream;
pub mod url;
pub mod wire;
pub mod wrong;
