//! The Kong target against its schemas, its traps and a model of its router.

mod schema;
