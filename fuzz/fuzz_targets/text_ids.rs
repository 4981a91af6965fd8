#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = fenrun_fuzz::text_ids::run(data);
});
