<?php

declare(strict_types=1);

namespace Fenrun;

/**
 * Says why fenrun does not run here, and what to do about it.
 *
 * Facts are gathered in one place (of this process or of php-fpm) and judged in another.
 */
final class Doctor
{
    /** e_machine of ELF headers, by what `uname -m` prints. */
    private const MACHINES = ['x86_64' => 62, 'amd64' => 62, 'aarch64' => 183, 'arm64' => 183];

    private const SETTINGS = ['ffi.enable', 'opcache.enable', 'opcache.preload', 'opcache.preload_user'];

    /**
     * The facts of this process.
     *
     * @return array<string, string>
     */
    public static function here(): array
    {
        $facts = ['php' => PHP_VERSION, 'sapi' => PHP_SAPI, 'ffi' => self::yes(extension_loaded('ffi'))];
        foreach (self::SETTINGS as $name) {
            $facts[$name] = (string) ini_get($name);
        }
        $facts['opcache'] = self::yes(extension_loaded('Zend OPcache'));

        return $facts + self::machine();
    }

    /**
     * The facts of php-fpm, from what `php-fpm -i` prints: it has an own php.ini.
     *
     * @return array<string, string>
     */
    public static function fpm(string $information): array
    {
        $facts = ['sapi' => 'fpm-fcgi', 'ffi' => self::yes((bool) preg_match('/^FFI support => enabled/mi', $information))];
        $facts['opcache'] = self::yes((bool) preg_match('/^opcache\.enable =>/m', $information));
        foreach (array_merge(self::SETTINGS, ['PHP Version']) as $name) {
            $found = preg_match('/^' . preg_quote($name, '/') . ' => (.*?)( => .*)?$/m', $information, $value);
            $facts[$name] = $found === 1 && $value[1] !== 'no value' ? $value[1] : '';
        }
        $facts['php'] = $facts['PHP Version'];
        unset($facts['PHP Version']);

        return $facts + self::machine();
    }

    /**
     * What is wrong with such facts: each fault with its fix, in the order to mend them.
     *
     * @param array<string, string> $facts
     *
     * @return array<int, array{fault: string, fix: string}>
     */
    public static function judge(array $facts): array
    {
        $faults = [];
        $found = [];
        if (version_compare($facts['php'], '7.4', '<')) {
            $found[] = ['PHP is ' . $facts['php'], 'install PHP 7.4 or newer'];
        }
        if ($facts['system'] !== 'Linux') {
            $found[] = ['this is ' . $facts['system'], 'the library is built for Linux with glibc; build it with cargo'];
        }
        if ($facts['ffi'] !== 'yes') {
            $fix = 'install it: apt install php-ffi, or docker-php-ext-install ffi (needs libffi-dev)';
            $found[] = ['the extension FFI is missing', $fix];
        }
        foreach (array_merge($found, self::judgeFfi($facts), self::judgeFile($facts['library'])) as [$fault, $fix]) {
            $faults[] = ['fault' => $fault, 'fix' => $fix];
        }

        return $faults;
    }

    /**
     * Whether the library loads into this process.
     *
     * @return array<int, array{fault: string, fix: string}>
     */
    public static function load(): array
    {
        try {
            Library::version();

            return [];
        } catch (Error $error) {
            $message = explode('; ', $error->getMessage())[0];
        }
        $libc = self::judgeLibc(Library::candidates()[0]);
        if ($libc !== null) {
            return [$libc];
        }
        if ($error->getName() === 'abi_mismatch') {
            return [['fault' => $message, 'fix' => 'install library and package in the same version']];
        }

        return [['fault' => $message, 'fix' => 'name the right file in FENRUN_LIBRARY, or put it into lib/ of the package']];
    }

    /**
     * What PHP's message leaves out: a library that needs a newer glibc than there is.
     *
     * @return array{fault: string, fix: string}|null
     */
    private static function judgeLibc(string $path): ?array
    {
        if (!is_file($path) || preg_match_all('/GLIBC_(\d+\.[\d.]+)/', (string) file_get_contents($path), $named) === 0) {
            return null;
        }
        usort($named[1], 'version_compare');
        $needs = end($named[1]);
        try {
            $has = \FFI::cdef('const char *gnu_get_libc_version(void);')->gnu_get_libc_version();
        } catch (\FFI\Exception $restrictedOrMusl) {
            return null;
        }
        if (version_compare($needs, $has, '<=')) {
            return null;
        }
        $fix = 'take the library that is linked for glibc 2.17, or a newer system';

        return ['fault' => "$path needs glibc $needs and this system has $has", 'fix' => $fix];
    }

    /** @return array<int, array{string, string}> */
    private static function judgeFfi(array $facts): array
    {
        $enable = strtolower($facts['ffi.enable']);
        if ($facts['ffi'] !== 'yes' || in_array($enable, ['1', 'on', 'true', 'yes'], true)) {
            return [];
        }
        $preload = dirname(__DIR__) . '/preload.php';
        if ($enable !== 'preload') {
            $fix = "set ffi.enable=preload and opcache.preload=$preload, or ffi.enable=true";

            return [['ffi.enable is off', $fix]];
        }
        if ($facts['sapi'] === 'cli' || $facts['sapi'] === 'phpdbg') {
            return [];
        }
        if ($facts['opcache'] !== 'yes') {
            return [['ffi.enable=preload, and the extension OPcache is missing', 'install it, or set ffi.enable=true']];
        }
        $found = [];
        if (!in_array(strtolower($facts['opcache.enable']), ['1', 'on', 'true', 'yes'], true)) {
            $found[] = ['ffi.enable=preload, and OPcache is off', 'set opcache.enable=1, or ffi.enable=true'];
        }

        return array_merge($found, self::judgePreload($facts, $preload));
    }

    /** @return array<int, array{string, string}> */
    private static function judgePreload(array $facts, string $ours): array
    {
        $file = $facts['opcache.preload'];
        if ($file === '') {
            return [['ffi.enable=preload, and nothing is preloaded', "set opcache.preload=$ours, or ffi.enable=true"]];
        }
        if (!is_file($file)) {
            return [["opcache.preload names $file, which is not there", "set opcache.preload=$ours"]];
        }
        $found = [];
        if (realpath($file) !== realpath($ours) && stripos((string) file_get_contents($file), 'fenrun') === false) {
            $found[] = ["$file preloads no class of fenrun", "add to it: require '$ours';"];
        }
        if ($facts['opcache.preload_user'] === '' && $facts['user'] === '0') {
            $fix = 'set opcache.preload_user to the user of the pool (www-data)';
            $found[] = ['php-fpm starts as root and nobody is named to preload', $fix];
        }

        return $found;
    }

    /** @return array<int, array{string, string}> */
    private static function judgeFile(string $path): array
    {
        if (strpos($path, '/') === false) {
            return [];
        }
        $head = is_readable($path) && is_file($path) ? (string) file_get_contents($path, false, null, 0, 20) : null;
        if ($head === null) {
            return [["there is no readable file $path", 'name the library in FENRUN_LIBRARY, or put it into lib/ of the package']];
        }
        if (strlen($head) < 20 || substr($head, 0, 4) !== "\x7fELF") {
            return [["$path is no Linux library", 'take libfenrun.so for Linux']];
        }
        $machine = unpack('v', $head, 18)[1];
        $wanted = self::MACHINES[php_uname('m')] ?? $machine;
        if ($machine !== $wanted || ord($head[4]) * 32 !== PHP_INT_SIZE * 8) {
            return [["$path is built for another processor than " . php_uname('m'), 'take the library for this one']];
        }

        return [];
    }

    /** @return array<string, string> */
    private static function machine(): array
    {
        return [
            'system' => PHP_OS_FAMILY,
            'user' => function_exists('posix_geteuid') ? (string) posix_geteuid() : '',
            'library' => Library::candidates()[0],
        ];
    }

    private static function yes(bool $answer): string
    {
        return $answer ? 'yes' : 'no';
    }
}
