<?php

// One order in PHP: commands in from stdin, one JSON document a line; answers out.
//
//     php examples/php/one_order.php < examples/transcript/commands.jsonl

require __DIR__ . '/load.php'; // in a project: vendor/autoload.php

$order = Fenrun\Order::create('A7');
while (($command = fgets(STDIN)) !== false) {
    // A rejected command throws and leaves the order as it was; a retry of one that acted changes nothing.
    echo $order->applyJson(rtrim($command)), "\n";
}
