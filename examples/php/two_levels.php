<?php

require __DIR__ . '/load.php'; // in a project: vendor/autoload.php

$plan = Fenrun\Plan::fromText('
    schema = "fenrun.plan/1"
    name = "two levels"
    currency = "CNY"
    [[rule]]
    id = "upline"
    to = { up = "referral" }
    pay = { levels = ["5%", "2.5%"] }
');
$sale = ['id' => 'O1', 'buyer' => 30, 'upline' => [20, 10], 'lines' => [['id' => 1, 'units' => 2, 'paid' => 19998]]];
$outcome = $plan->settleOne($sale);
foreach ($outcome->rows() as $row) {
    echo "{$row['key']}  {$row['payee']}  {$row['amount']}\n";
}

// Keep it beside the order: the reversal of a refund needs nothing else, not even the plan.
$kept = (string) $outcome->frozen();

$refund = ['id' => 'R1', 'lines' => [['line' => 1, 'units' => 1, 'amount' => 9999]]];
$reversal = (new Fenrun\Frozen($kept))->reverse($refund);
foreach ($reversal['rows'] as $row) {
    echo "{$row['key']}  {$row['payee']}  {$row['amount']}\n";
}
