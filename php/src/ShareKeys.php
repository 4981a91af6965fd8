<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * Share codes: who shared, for which campaign and until when, signed so that nobody makes one up.
 *
 * Several keys are known and one signs, so a key is changed without breaking codes that are out. Members are numbers:
 * where ids are texts, those of the shop's own table. Whatever is wrong with a code is a ForestError.
 */
final class ShareKeys
{
    /** @var array<string, mixed> */
    private $keys;

    /**
     * @param array<int, string> $keys    by their ids, 0 to 255: hex digits of 16 bytes or more, such as those of
     *                                    bin2hex(random_bytes(32)), which the shop keeps
     * @param int                $signing the id of the one that signs
     */
    public function __construct(array $keys, int $signing)
    {
        $this->keys = ['keys' => (object) $keys, 'signing' => $signing];
        // Whatever is wrong with them is told here.
        $this->sign(1);
    }

    /**
     * A code.
     *
     * @param int      $campaign a number of the shop's
     * @param int|null $expires  milliseconds of UTC, in whole minutes
     */
    public function sign(int $member, int $campaign = 0, ?int $expires = null): string
    {
        return $this->make($member, $campaign, $expires, null)['code'];
    }

    /** A link to a page of the shop with a code in it. */
    public function link(string $page, int $member, int $campaign = 0, ?int $expires = null): string
    {
        return $this->make($member, $campaign, $expires, $page)['link'];
    }

    /**
     * What a code, or a link with one, says, if one of these keys signed it and it has not expired.
     *
     * @param int $now milliseconds of UTC
     *
     * @return array{member: int, campaign: int, expires: ?int}
     */
    public function open(string $code, int $now): array
    {
        $kind = strpos($code, '://') === false ? 'code' : 'link';
        $said = Library::run('share', null, $this->keys + [$kind => $code, 'now' => $now]);

        return ['member' => (int) $said['member'], 'campaign' => $said['campaign'], 'expires' => $said['expires']];
    }

    /** @return array<string, mixed> A key stands in no log. */
    public function __debugInfo(): array
    {
        return ['signing' => $this->keys['signing']];
    }

    /** @return array<string, mixed> */
    private function make(int $member, int $campaign, ?int $expires, ?string $page): array
    {
        $sign = ['member' => $member, 'campaign' => $campaign, 'expires' => $expires];

        return Library::run('share', null, $this->keys + ['sign' => $sign, 'page' => $page]);
    }
}
