<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * libfenrun, loaded once per process at the first call.
 *
 * It is looked for at the path given to use(), in the environment variable FENRUN_LIBRARY, in lib/ of this
 * package, and on the system. A library with another ABI than this package is refused.
 */
final class Library
{
    /** FENRUN_ABI_VERSION of the header this package was written for. */
    public const ABI_VERSION = 1;

    /** FENRUN_NO_INDEX of the header. */
    private const NO_INDEX = 4294967295;

    /** @var \FFI|null */
    private static $ffi;

    /** @var string|null */
    private static $path;

    /** Names the library file; before the first call. */
    public static function use(string $path): void
    {
        if (self::$ffi !== null) {
            throw Error::of(801, 'invalid_argument', null, 'libfenrun is loaded already; name its path before the first call');
        }
        self::$path = $path;
    }

    /** The version of the native library. */
    public static function version(): string
    {
        return self::ffi()->fenrun_version();
    }

    /** What the library was built with. */
    public static function features(): string
    {
        return self::ffi()->fenrun_features();
    }

    /** Where the library is looked for, in this order; the last is a name for the system's loader. */
    public static function candidates(): array
    {
        $given = self::$path ?? getenv('FENRUN_LIBRARY');
        if (is_string($given) && $given !== '') {
            return [$given];
        }
        $inside = dirname(__DIR__) . '/lib/libfenrun.so';

        return is_file($inside) ? [$inside] : ['libfenrun.so.0'];
    }

    /** Refuses a library that was built for another header. */
    public static function checkAbi(int $wanted): void
    {
        self::check(self::ffi(), static function (\FFI $ffi, $error) use ($wanted) {
            return $ffi->fenrun_abi_check($wanted, $error);
        });
    }

    /**
     * Any operation of vectors/README.md by its name, such as quote, which has no class of its own.
     *
     * @param string|array<string, mixed> $input
     *
     * @return array<string, mixed>
     */
    public static function run(string $operation, ?Plan $plan, $input): array
    {
        $text = Text::of($input, 'input');
        $handle = $plan === null ? null : $plan->handle();

        return Text::read(self::text(static function (\FFI $ffi, $out, $error) use ($operation, $handle, $text) {
            return $ffi->fenrun_run($operation, strlen($operation), $handle, $text, strlen($text), $out, $error);
        }));
    }

    /** @internal */
    public static function ffi(): \FFI
    {
        if (self::$ffi === null) {
            self::$ffi = self::load();
        }

        return self::$ffi;
    }

    private static function load(): \FFI
    {
        if (!extension_loaded('ffi')) {
            throw Error::of(804, 'not_built', null, 'PHP has no FFI extension; install php-ffi or php-cli with FFI');
        }
        $header = (string) file_get_contents(dirname(__DIR__) . '/include/fenrun.php.h');
        $path = self::candidates()[0];
        try {
            $ffi = \FFI::cdef($header, $path);
        } catch (\FFI\Exception $fault) {
            throw self::unloaded($path, $fault->getMessage());
        }
        self::check($ffi, static function (\FFI $ffi, $error) {
            return $ffi->fenrun_abi_check(self::ABI_VERSION, $error);
        });

        return $ffi;
    }

    /** Why a library does not load: an older one lacks functions before its version can be compared. */
    private static function unloaded(string $path, string $fault): Error
    {
        if (strpos($fault, 'resolving') !== false) {
            try {
                $old = \FFI::cdef('uint32_t fenrun_abi_version(void);', $path)->fenrun_abi_version();
                $text = '%s has ABI %d and this package needs %d (%s); install the two in the same version';
                $message = sprintf($text, $path, $old, self::ABI_VERSION, rtrim($fault, '.'));

                return Error::of(805, 'abi_mismatch', null, $message);
            } catch (\FFI\Exception $stranger) {
                $fault = 'it is not libfenrun';
            }
        }
        $hint = strpos($fault, 'restricted') === false
            ? 'name the file in FENRUN_LIBRARY'
            : 'preload this package (opcache.preload) or set ffi.enable=true';

        return Error::of(801, 'invalid_argument', null, "cannot load $path: $fault; $hint, or run fenrun-doctor");
    }

    /**
     * Runs a call that reports through an error.
     *
     * @internal
     */
    public static function check(\FFI $ffi, callable $call): void
    {
        $error = $ffi->new('fenrun_error');
        $error->size = \FFI::sizeof($error);
        $code = $call($ffi, \FFI::addr($error));
        if ($code !== 0) {
            $index = $error->index === self::NO_INDEX ? null : $error->index;
            $line = $error->line === 0 ? null : $error->line;
            throw Error::of($code, $ffi->fenrun_error_name($code), $index, \FFI::string($error->message), $line);
        }
    }

    /**
     * Runs a call that fills a buffer, and returns its text.
     *
     * @internal
     */
    public static function text(callable $call): string
    {
        $ffi = self::ffi();
        $buffer = $ffi->new('fenrun_buffer');
        self::check($ffi, static function (\FFI $ffi, $error) use ($call, $buffer) {
            return $call($ffi, \FFI::addr($buffer), $error);
        });

        return self::take($buffer);
    }

    /**
     * Runs a call that fills a buffer with so many texts and an array with where each ends, and returns them.
     *
     * @return array<int, string>
     *
     * @internal
     */
    public static function texts(int $count, callable $call): array
    {
        if ($count === 0) {
            return [];
        }
        $ends = self::make('uint64_t[' . $count . ']');
        $joined = self::text(static function (\FFI $ffi, $out, $error) use ($call, $ends) {
            return $call($ffi, $out, $ends, $error);
        });
        $texts = [];
        $start = 0;
        foreach (unpack('q*', \FFI::string($ends, 8 * $count)) as $end) {
            $texts[] = (string) substr($joined, $start, $end - $start);
            $start = $end;
        }

        return $texts;
    }

    /**
     * The text of a buffer, which is given back.
     *
     * @internal
     */
    public static function take(\FFI\CData $buffer): string
    {
        $text = $buffer->len === 0 ? '' : \FFI::string($buffer->data, $buffer->len);
        self::ffi()->fenrun_buffer_free(\FFI::addr($buffer));

        return $text;
    }

    /**
     * The handle that a call gives.
     *
     * @internal
     */
    public static function handle(string $type, callable $call): \FFI\CData
    {
        $ffi = self::ffi();
        $out = $ffi->new($type . ' *');
        self::check($ffi, static function (\FFI $ffi, $error) use ($call, $out) {
            return $call($ffi, \FFI::addr($out), $error);
        });

        return $out;
    }

    /**
     * The number that a call gives.
     *
     * @internal
     */
    public static function number(string $type, callable $call): int
    {
        $out = self::make($type);
        self::check(self::ffi(), static function (\FFI $ffi, $error) use ($call, $out) {
            return $call($ffi, \FFI::addr($out), $error);
        });

        return $out->cdata;
    }

    /**
     * A new C value or array.
     *
     * @internal
     */
    public static function make(string $type): \FFI\CData
    {
        return self::ffi()->new($type);
    }
}
