<?php

/**
 * For php-fpm with the default `ffi.enable=preload`: set `opcache.preload` to this file.
 *
 * FFI may then be used by the classes that are preloaded here and by nothing else. The library itself is
 * loaded at the first call in each worker, so the master starts no code of ours before it forks.
 */

declare(strict_types=1);

$names = [
    'Error', 'Families', 'Constants', 'Library', 'Text', 'Column', 'Money', 'Handle', 'Frozen', 'Outcome', 'Orders',
    'Rows', 'Forest', 'Teams', 'Plan', 'Order', 'Qr', 'ShareKeys', 'Doctor',
];
foreach ($names as $name) {
    require_once __DIR__ . '/src/' . $name . '.php';
}
