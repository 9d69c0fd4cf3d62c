//! serve as a whole: real sockets on the loopback interface, with services that behave, lie, hang and break off.

mod bypass;
mod commands;
mod counted;
mod decisions;
mod hostile;
mod keys;
mod proxying;
mod reloading;
mod rig;
mod table;
mod tangled;
