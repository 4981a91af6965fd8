//! Plans that come with the library.

macro_rules! presets {
    ($($name:literal,)+) => {
        /// Name and TOML text of every preset, in the order of their names.
        pub const PRESETS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../presets/", $name, ".toml"))),)+];
    };
}

presets! {
    "binary_pairing",
    "breakaway",
    "crmeb",
    "crmeb_java",
    "ewei3",
    "genelet",
    "generation",
    "infinity",
    "jicha",
    "jicha_pingji",
    "liandong21",
    "likeshop",
    "lilishop",
    "matrix3",
    "niushop3",
    "pachira",
    "red_balloon",
    "region_agent",
    "self_buy_save_share_earn",
    "shareholder_pool",
    "stairstep",
    "three_level",
    "two_level",
    "yudao",
}

#[cfg(all(test, feature = "toml"))]
mod tests {
    use super::PRESETS;
    use crate::reward::plan::Plan;

    #[test]
    fn every_preset_is_sorted_and_accepted() {
        assert!(PRESETS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, _) in PRESETS {
            let plan = Plan::preset(name).unwrap();
            assert_eq!(Plan::from_node(&plan.to_node()).unwrap().hash(), plan.hash(), "{name}");
        }
    }

    #[test]
    fn every_plan_of_the_folder_is_a_preset() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/presets");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let plans = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
        let mut stems: Vec<String> =
            plans.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
        stems.sort();
        assert_eq!(stems, PRESETS.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    }
}
