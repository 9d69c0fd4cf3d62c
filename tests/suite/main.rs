//! x
#[test]
fn t() {}
mod errors;
mod generated;
mod hostile;
mod reports;
mod resolve;
mod schema;
mod sources;
