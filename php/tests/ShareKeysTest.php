<?php

declare(strict_types=1);

namespace Fenrun\Tests;

use Fenrun\ShareKeys;
use PHPUnit\Framework\TestCase;

/** Codes that only the shop can make; the same ones as in every language. */
final class ShareKeysTest extends TestCase
{
    private const KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';

    public function testACodeSaysWhoShared(): void
    {
        $keys = new ShareKeys([1 => self::KEY], 1);
        $code = $keys->sign(1001);
        $this->assertSame('AQEAAAAA6QcA0zgW44XUpsYF7A', $code);
        $this->assertSame(['member' => 1001, 'campaign' => 0, 'expires' => null], $keys->open($code, 0));
        $link = $keys->link('https://shop.example/p/7#top', 1001, 12, 120000);
        $this->assertStringStartsWith('https://shop.example/p/7?s=AQ', $link);
        $this->assertSame(['member' => 1001, 'campaign' => 12, 'expires' => 120000], $keys->open($link, 119999));
        $this->assertSame('expired_share_code', $this->refused(static function () use ($keys, $link): void {
            $keys->open($link, 120000);
        }));
    }

    /** An old key is known while its codes are out, one that leaked is not; no key is shown. */
    public function testKeysAreChanged(): void
    {
        $other = str_repeat('ab', 16);
        $code = (new ShareKeys([0 => self::KEY], 0))->sign(5);
        $both = new ShareKeys([$other, self::KEY], 1);
        $this->assertSame(5, (new ShareKeys([self::KEY, $other], 1))->open($code, 0)['member']);
        $cases = [
            'invalid_share_code' => [$both, $code],
            'unknown_share_key' => [new ShareKeys([1 => self::KEY], 1), $code],
        ];
        foreach ($cases as $name => [$keys, $strange]) {
            $this->assertSame($name, $this->refused(static function () use ($keys, $strange): void {
                $keys->open($strange, 0);
            }));
        }
        $this->assertSame('invalid_share_code', $this->refused(static function () use ($both): void {
            $both->open('https://shop.example/p/7', 0);
        }));
        $this->assertStringNotContainsString('abab', print_r($both, true) . var_export($both->__debugInfo(), true));
        foreach ([[[], 1], [[1 => 'abc'], 1], [[1 => 'ab'], 1], [[1 => self::KEY], 2], [[300 => self::KEY], 300]] as [$keys, $signing]) {
            $this->assertSame('invalid_value', $this->refused(static function () use ($keys, $signing): void {
                new ShareKeys($keys, $signing);
            }));
        }
        $this->assertSame('invalid_id', $this->refused(static function () use ($both): void {
            $both->sign(0);
        }));
    }

    private function refused(callable $call): string
    {
        try {
            $call();
        } catch (\Fenrun\Error $error) {
            return $error->getName();
        }

        return 'accepted';
    }
}
