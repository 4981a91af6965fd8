<?php

declare(strict_types=1);

require dirname(__DIR__) . '/preload.php';
require __DIR__ . '/Vectors.php';
require __DIR__ . '/Process.php';
require __DIR__ . '/Fpm.php';
