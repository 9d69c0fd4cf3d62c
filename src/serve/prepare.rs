//! GATEWAY x OPTIONS -> LIVE: mocks stand in for services where they are asked for.

use super::live::Live;
use super::mock;
use super::options::Options;
use crate::ir::Gateway;

/// Prepares a gateway as serve was asked to run it.
///
/// # Errors
/// What cannot be made ready.
pub fn prepare(
    mut gateway: Gateway,
    options: &Options,
    older: Option<&Live>,
) -> Result<Live, String> {
    if options.mock {
        mock::stand_in(&mut gateway)?;
    }
    Live::new(gateway, options.development_key.as_deref(), older)
}
