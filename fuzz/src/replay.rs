//! The seeds on stable: whole, cut short anywhere, and with a byte changed here and there.

use super::{
    forest_image, forest_journal, forest_operations, frozen_text, order_commands, plan_text, sale_json,
    share_codes, text_ids,
};
use std::fs;
use std::path::Path;

/// Seeds longer than this are cut at fewer places.
const CUTS: usize = 64;

fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no seeds", folder.display());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs every seed and its damaged copies; some seed must be accepted and some copy refused, or the
/// target tests nothing.
fn replay(run: fn(&[u8]) -> bool, seeds: &[Vec<u8>]) {
    let (mut accepted, mut refused) = (0, 0);
    let mut count = |data: &[u8]| if run(data) { accepted += 1 } else { refused += 1 };
    for seed in seeds {
        count(seed);
        let step = (seed.len() / CUTS).max(1);
        for at in (0..seed.len()).step_by(step) {
            count(&seed[..at]);
            let mut changed = seed.clone();
            changed[at] ^= 1 << (at % 7);
            count(&changed);
        }
    }
    assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused");
}

#[test]
fn plan_texts() {
    replay(plan_text::run, &seeds("seeds/plan_text"));
    replay(plan_text::run, &seeds("../examples/plans"));
}

#[test]
fn sale_jsons() {
    replay(sale_json::run, &seeds("seeds/sale_json"));
}

#[test]
fn forest_operation_bytes() {
    replay(forest_operations::run, &seeds("seeds/forest_operations"));
}

#[test]
fn forest_images() {
    replay(forest_image::run, &seeds("seeds/forest_image"));
}

#[test]
fn forest_journals() {
    replay(forest_journal::run, &seeds("seeds/forest_journal"));
}

#[test]
fn share_codes() {
    replay(share_codes::run, &seeds("seeds/share_codes"));
}

#[test]
fn ids_of_text() {
    replay(text_ids::run, &seeds("seeds/text_ids"));
}

#[test]
fn order_commands() {
    replay(order_commands::run, &seeds("seeds/order_commands"));
}

#[test]
fn frozen_texts() {
    replay(frozen_text::run, &seeds("seeds/frozen_text"));
}
