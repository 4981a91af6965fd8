<?php

declare(strict_types=1);

namespace Fenrun;

/** What belongs to this process and is freed once: no copies, no serialised form. */
trait Handle
{
    /** @var \FFI\CData|null */
    private $handle;

    /** @internal */
    public function __construct(\FFI\CData $handle)
    {
        $this->handle = $handle;
    }

    /** @internal */
    public function handle(): ?\FFI\CData
    {
        return $this->handle;
    }

    /** Frees it once, however often it is called; every use after that is refused. */
    public function __destruct()
    {
        [$handle, $this->handle] = [$this->handle, null];
        if ($handle !== null) {
            Library::ffi()->{self::FREE}($handle);
        }
    }

    /** A copy would be freed twice. */
    private function __clone()
    {
    }

    /** @return array<mixed> */
    public function __serialize(): array
    {
        throw Error::of(801, 'invalid_argument', null, self::class . ' cannot be serialised; ' . self::INSTEAD);
    }

    /** @param array<mixed> $data */
    public function __unserialize(array $data): void
    {
        throw Error::of(801, 'invalid_argument', null, self::class . ' cannot be unserialised; ' . self::INSTEAD);
    }
}
