<?php

/**
 * Loads the package for the examples; in a project this is vendor/autoload.php.
 *
 * In a clone the library is where cargo puts it, unless FENRUN_LIBRARY or the system has another.
 */

require __DIR__ . '/../../php/preload.php';

$built = dirname(__DIR__, 2) . '/target/release/libfenrun.so';
if ((string) getenv('FENRUN_LIBRARY') === '' && is_file($built)) {
    Fenrun\Library::use($built);
}
try {
    Fenrun\Library::version();
} catch (Fenrun\Error $fault) {
    fwrite(STDERR, $fault->getMessage() . "; in a clone: cargo build --release -p fenrun-ffi\n");
    exit(1);
}
