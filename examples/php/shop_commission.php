<?php

/**
 * The two-level commission (分销佣金) of a typical ThinkPHP or Laravel shop, replaced.
 *
 * What such shops do: `bcmul($pay_price, 0.05, 2)` per level in the payment callback, an UPDATE of the balance, and
 * nothing that stops the callback from coming twice or a partial refund from taking too much. Here the shop keeps its
 * tables and its ORM; fenrun says who gets what, and the UNIQUE index on `key` makes every retry harmless:
 *
 *   ALTER TABLE user_brokerage ADD `key` CHAR(32) NOT NULL, ADD UNIQUE KEY (`key`);
 *   ALTER TABLE store_order    ADD commission_frozen TEXT;
 *
 * The arrays below stand for the shop's tables.
 */

declare(strict_types=1);

require __DIR__ . '/load.php'; // in a project: vendor/autoload.php

use Fenrun\Frozen;
use Fenrun\Money;
use Fenrun\Plan;

/** The shop's tables; each method is one query of the ORM. */
final class Shop
{
    /** @var array<int, array{spread_uid: int, is_promoter: int, status: int}> */
    private $user = [
        7 => ['spread_uid' => 5, 'is_promoter' => 0, 'status' => 1],
        5 => ['spread_uid' => 3, 'is_promoter' => 1, 'status' => 1],
        3 => ['spread_uid' => 0, 'is_promoter' => 1, 'status' => 1],
    ];

    /** @var array<string, array<string, mixed>> */
    public $order = [
        'wx1001' => [
            'uid' => 7,
            'goods' => [['id' => 1, 'cart_num' => 3, 'pay_price' => '99.99'], ['id' => 2, 'cart_num' => 1, 'pay_price' => '25.01']],
            'commission_frozen' => null,
            'refunds' => [],
        ],
    ];

    /** @var array<string, array{uid: int, amount: int, link: string}> by its UNIQUE key */
    public $brokerage = [];

    /** The upline of a buyer, nearest first: two point reads. */
    public function upline(int $uid): array
    {
        $upline = [];
        $above = $this->user[$uid]['spread_uid'];
        while ($above !== 0 && count($upline) < 2) {
            $person = $this->user[$above];
            $upline[] = [
                'id' => $above,
                'distributor' => $person['is_promoter'] === 1,
                'frozen' => $person['status'] !== 1,
            ];
            $above = $person['spread_uid'];
        }

        return $upline;
    }

    /** INSERT IGNORE INTO user_brokerage: the index refuses what is there already. */
    public function post(array $rows, string $link): int
    {
        $before = count($this->brokerage);
        foreach ($rows as $row) {
            $this->brokerage += [$row['key'] => ['uid' => (int) $row['payee'], 'amount' => $row['amount'], 'link' => $link]];
        }

        return count($this->brokerage) - $before;
    }

    /** SELECT uid, SUM(amount) … GROUP BY uid. */
    public function balances(): array
    {
        $balances = [];
        foreach ($this->brokerage as $row) {
            $balances[$row['uid']] = ($balances[$row['uid']] ?? 0) + $row['amount'];
        }

        return $balances;
    }
}

/** The payment callback: in the transaction that marks the order as paid. */
function orderPaid(Shop $shop, Plan $plan, string $orderId): int
{
    $order = $shop->order[$orderId];
    $lines = [];
    foreach ($order['goods'] as $goods) {
        $paid = Money::minor($goods['pay_price'], 'CNY');
        $lines[] = ['id' => $goods['id'], 'units' => $goods['cart_num'], 'paid' => $paid];
    }
    $outcome = $plan->settleOne([
        'id' => $orderId,
        'buyer' => $order['uid'],
        'upline' => $shop->upline($order['uid']),
        'lines' => $lines,
    ]);
    $shop->order[$orderId]['commission_frozen'] = (string) $outcome->frozen();

    return $shop->post($outcome->rows(), $orderId);
}

/** A refund was paid out: in the transaction that stores it. */
function orderRefunded(Shop $shop, string $orderId, string $refundId, array $lines): int
{
    $order = $shop->order[$orderId];
    $before = []; // the refunds that came before this one, also when it is a retry
    foreach ($order['refunds'] as $earlier => $back) {
        if ($earlier === $refundId) {
            break;
        }
        $before[] = ['id' => $earlier, 'lines' => $back];
    }
    $reversal = (new Frozen($order['commission_frozen']))->reverse(['id' => $refundId, 'lines' => $lines], $before);
    $shop->order[$orderId]['refunds'][$refundId] = $lines;

    return $shop->post($reversal['rows'], $refundId);
}

/** The balances as people read them. */
function shown(Shop $shop): string
{
    $texts = [];
    foreach ($shop->balances() as $uid => $minor) {
        $texts[] = "user $uid has " . Money::text($minor, 'CNY');
    }

    return implode(', ', $texts);
}

$shop = new Shop();
$plan = Plan::preset('two_level');
$one = [['line' => 1, 'units' => 1, 'amount' => Money::minor('33.33', 'CNY')]];
$rest = [
    ['line' => 1, 'units' => 2, 'amount' => Money::minor('66.66', 'CNY')],
    ['line' => 2, 'units' => 1, 'amount' => Money::minor('25.01', 'CNY')],
];
echo 'paid:            ', orderPaid($shop, $plan, 'wx1001'), ' new rows; ', shown($shop), "\n";
echo 'callback again:  ', orderPaid($shop, $plan, 'wx1001'), ' new rows; ', shown($shop), "\n";
echo 'one unit back:   ', orderRefunded($shop, 'wx1001', 'RF1', $one), ' new rows; ', shown($shop), "\n";
echo 'refund again:    ', orderRefunded($shop, 'wx1001', 'RF1', $one), ' new rows; ', shown($shop), "\n";
echo 'the rest back:   ', orderRefunded($shop, 'wx1001', 'RF2', $rest), ' new rows; ', shown($shop), "\n";
