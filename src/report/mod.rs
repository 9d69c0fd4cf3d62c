//! WHAT WE SAY: diagnostics, losses, artefacts; printed for people and for machines.

mod diagnostic;
mod loss;

pub use diagnostic::{Code, Diagnostic, Edit, Fix, Place, Related, Severity};
pub use loss::{Loss, LossClass, LossKind};
