//! IP RULES -> GEO: which client addresses are denied.

use crate::ir::IpRules;
use crate::targets::nginx::build::{Build, number};
use crate::targets::nginx::document::Block;

/// The variable that is `1` for a client that the rules deny.
pub fn denied<'g>(build: &mut Build<'g>, rules: &'g IpRules) -> String {
    let (index, new) = number(&mut build.numbers.ip, rules);
    let name = format!("$gw_ip_{index}");
    if new {
        // Two lists, as deny wins however long the prefixes are; `geo` alone would take the longest.
        let mut deny = Block::new();
        deny.put("default", ["0"]);
        for net in &rules.deny {
            deny.pair(net.trunc().to_string(), "1");
        }
        let mut allow = Block::new();
        allow.put("default", [if rules.allow.is_empty() { "1" } else { "0" }]);
        for net in &rules.allow {
            allow.pair(net.trunc().to_string(), "1");
        }
        dedupe(&mut deny);
        dedupe(&mut allow);
        build
            .maps
            .open("geo", [format!("$gw_ip_{index}_deny")], deny);
        build
            .maps
            .open("geo", [format!("$gw_ip_{index}_allow")], allow);
        let mut both = Block::new();
        both.pair("default", "1");
        both.pair("01", "");
        build.maps.open(
            "map",
            [
                format!("$gw_ip_{index}_deny$gw_ip_{index}_allow"),
                name.clone(),
            ],
            both,
        );
    }
    name
}

/// A network listed twice is a warning of nginx.
fn dedupe(block: &mut Block) {
    let mut seen = Vec::new();
    block.0.retain(|item| {
        let new = !seen.contains(item);
        if new {
            seen.push(item.clone());
        }
        new
    });
}
