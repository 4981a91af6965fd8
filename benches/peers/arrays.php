<?php
// Flat levels as a PHP shop computes them: the members in an array, rows into an array.
// Reads the columns `inviters`, `buyers` and `base` of a folder, then settles once for each line of input.
[, $folder, $rates] = $argv;
$column = fn (string $name): array => array_values(unpack('P*', file_get_contents("$folder/$name")));
$inviters = $column('inviters');
array_unshift($inviters, 0); // ids begin with 1
$buyers = $column('buyers');
$base = $column('base');
$rates = array_map('intval', explode(',', $rates));

$cpu = function (): int {
    $usage = getrusage();
    return ($usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']) * 1000000000
        + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) * 1000;
};

while (fgets(STDIN) !== false) {
    $began = $cpu();
    $rows = [];
    $sum = 0;
    foreach ($buyers as $order => $person) {
        foreach ($rates as $level => $rate) {
            $person = $inviters[$person];
            if ($person === 0) {
                break;
            }
            $amount = intdiv($base[$order] * $rate, 10000);
            if ($amount > 0) {
                $rows[] = [$order, $person, $level + 1, $amount];
                $sum += $amount;
            }
        }
    }
    echo json_encode(['cpu_ns' => $cpu() - $began, 'rows' => count($rows), 'sum' => $sum]), "\n";
    $rows = [];
}
