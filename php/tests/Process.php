<?php

declare(strict_types=1);

namespace Fenrun\Tests;

/** Programs that tests start, and folders they fill. */
final class Process
{
    /**
     * Runs a program to its end: exit code and all it printed.
     *
     * @param array<int, string>    $command
     * @param array<string, string> $environment added to ours; an empty value removes
     * @param string                $input       the file it reads
     *
     * @return array{0: int, 1: string}
     */
    public static function run(array $command, array $environment = [], ?string $folder = null, string $input = '/dev/null'): array
    {
        $all = array_filter($environment + getenv(), 'strlen');
        $process = proc_open($command, [['file', $input, 'r'], ['pipe', 'w'], ['redirect', 1]], $pipes, $folder, $all);
        $output = (string) stream_get_contents($pipes[1]);

        return [proc_close($process), $output];
    }

    /** Runs PHP code in a process of its own: what it printed. */
    public static function php(string $code, array $environment = []): string
    {
        $preload = var_export(dirname(__DIR__) . '/preload.php', true);

        return self::run([PHP_BINARY, '-r', "require $preload; $code"], $environment)[1];
    }

    /** A new empty folder. */
    public static function folder(): string
    {
        $folder = sys_get_temp_dir() . '/fenrun-php-' . bin2hex(random_bytes(6));
        mkdir($folder, 0755);

        return $folder;
    }

    /** Removes a folder that folder() made. */
    public static function remove(string $folder): void
    {
        $entries = new \RecursiveIteratorIterator(
            new \RecursiveDirectoryIterator($folder, \FilesystemIterator::SKIP_DOTS),
            \RecursiveIteratorIterator::CHILD_FIRST
        );
        foreach ($entries as $entry) {
            if ($entry->isDir() && !$entry->isLink()) {
                rmdir($entry->getPathname());
            } else {
                unlink($entry->getPathname());
            }
        }
        rmdir($folder);
    }
}
