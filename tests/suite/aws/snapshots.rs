//! What is emitted for every example, as files that a person reads in a review.

use std::fs;

use super::{build_example, examples};
use crate::generated::root;

#[test]
fn every_example_is_emitted_as_its_snapshot_says() {
    let folder = tempfile::tempdir().unwrap();
    let rewrite = std::env::var("UPDATE").is_ok();
    let mut different = Vec::new();
    for name in examples() {
        let built = build_example(&name, folder.path()).join("template.json");
        let emitted = fs::read_to_string(built).unwrap();
        let kept = root()
            .join("snapshots/aws")
            .join(&name)
            .join("template.json");
        if rewrite {
            fs::create_dir_all(kept.parent().unwrap()).unwrap();
            fs::write(&kept, &emitted).unwrap();
        }
        if fs::read_to_string(&kept).unwrap_or_default() != emitted {
            different.push(name);
        }
    }
    assert!(
        different.is_empty(),
        "changed, see `UPDATE=1`: {different:?}"
    );
}
