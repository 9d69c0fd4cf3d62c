//! x
#[test]
fn t() {}
mod errors;
mod hostile;
mod reports;
mod sources;
mod generated;
mod schema;
