//! x
#[test]
fn t() {}
mod errors;
mod generated;
mod hostile;
mod reports;
mod schema;
mod sources;
mod resolve;
