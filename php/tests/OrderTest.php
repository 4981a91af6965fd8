<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\Order;
use Fenrun\OrderError;
use Fenrun\Plan;
use PHPUnit\Framework\TestCase;

/** One order through the twelve commands of examples/transcript. */
final class OrderTest extends TestCase
{
    public function testTwelveCommandsPrintTheSameAsRust(): void
    {
        $order = Order::create('A7');
        $answers = '';
        foreach (self::lines('commands.jsonl') as $command) {
            $answers .= $order->applyJson($command) . "\n";
        }
        $this->assertSame(self::text('answers.jsonl'), $answers);
        $this->assertSame(self::text('events.jsonl'), $order->log());
    }

    public function testCommandsAsArraysGiveTheSameLog(): void
    {
        $order = Order::create('A7');
        $repeats = 0;
        foreach (self::lines('commands.jsonl') as $command) {
            $before = $order->stateJson();
            $answer = $order->apply(json_decode($command, true));
            $repeats += $answer['repeat'] ? 1 : 0;
            $this->assertSame($order->state(), $answer['order']);
            $this->assertTrue(!$answer['repeat'] || $before === $order->stateJson(), 'a retry changes nothing');
        }
        $this->assertSame(1, $repeats);
        $this->assertSame(self::text('events.jsonl'), $order->log());
        $this->assertSame('completed', $order->state()['life']);
        $this->assertSame(3333, $order->state()['refunded']);
    }

    public function testALogReplaysToTheSameOrder(): void
    {
        $log = self::text('events.jsonl');
        $order = Order::replay($log);
        $this->assertSame($log, $order->log());
        $last = json_decode(self::lines('answers.jsonl')[11], true);
        $this->assertSame($last['order'], $order->state());
        $this->assertCount(12, $order->events());
        $this->assertCount(3, $order->events(9));
        $this->assertSame([], $order->events(12));
    }

    public function testARefusedCommandChangesNothing(): void
    {
        $order = Order::create('A7');
        $command = ['order_id' => 'A7', 'command_id' => 'x', 'actor' => 'shop', 'now' => 1, 'command' => 'ship'];
        try {
            $order->apply($command);
            $this->fail('a draft cannot be shipped');
        } catch (OrderError $error) {
            $this->assertSame(501, $error->getCode());
            $this->assertSame('not_allowed', $error->getName());
        }
        $this->assertSame('', $order->log());
    }

    public function testTheSameCommandIdWithOtherContentIsRefused(): void
    {
        $order = Order::create('A7');
        $place = json_decode(self::lines('commands.jsonl')[0], true);
        $order->apply($place);
        $place['command']['place']['shipping'] = 801;
        $this->expectException(OrderError::class);
        $this->expectExceptionCode(503);
        $order->apply($place);
    }

    public function testThePlacedOrderIsASale(): void
    {
        $order = Order::replay(self::lines('events.jsonl')[0]);
        $outcome = Plan::preset('two_level')->settleOne($order->sale());
        $this->assertSame(['U1', 'U2', 'U1', 'U2'], array_column($outcome->rows(), 'payee'));
        $this->assertSame([499, 249, 125, 62], array_column($outcome->rows(), 'amount'));
    }

    public function testADamagedLogIsRefusedWithItsLine(): void
    {
        $lines = self::lines('events.jsonl');
        $lines[3] = '{"type":"dreamt"}';
        try {
            Order::replay(implode("\n", $lines));
            $this->fail('nobody knows this event');
        } catch (\Fenrun\Error $error) {
            $this->assertSame(3, $error->getIndex());
        }
    }

    /** @return array<int, string> */
    private static function lines(string $name): array
    {
        return explode("\n", rtrim(self::text($name), "\n"));
    }

    private static function text(string $name): string
    {
        return (string) file_get_contents(dirname(__DIR__, 2) . '/examples/transcript/' . $name);
    }
}
