<?php

declare(strict_types=1);

namespace Fenrun\Tests;

/** A php-fpm of two workers in a folder of its own, asked over FastCGI. */
final class Fpm
{
    private const WAIT_SECONDS = 10;

    /** @var string */
    private $folder;

    /** @var resource */
    private $process;

    /** @param array<string, string> $settings of php.ini */
    public function __construct(array $settings)
    {
        $this->folder = Process::folder();
        $ini = '';
        foreach ($settings as $name => $value) {
            $ini .= "$name=$value\n";
        }
        file_put_contents($this->folder . '/php.ini', $ini);
        file_put_contents($this->folder . '/fpm.conf', "[global]
error_log = {$this->folder}/fpm.log
daemonize = no
[www]
listen = {$this->folder}/fpm.sock
pm = static
pm.max_children = 2
clear_env = no
catch_workers_output = yes
");
        $command = [self::program(), '-F', '-y', $this->folder . '/fpm.conf', '-c', $this->folder . '/php.ini'];
        if (self::root()) {
            $command[] = '-R';
        }
        $out = ['file', $this->folder . '/out', 'w'];
        $this->process = proc_open($command, [['file', '/dev/null', 'r'], $out, $out], $pipes);
        $until = microtime(true) + self::WAIT_SECONDS;
        while (!file_exists($this->folder . '/fpm.sock')) {
            if (microtime(true) > $until || !proc_get_status($this->process)['running']) {
                throw new \RuntimeException('php-fpm does not start: ' . $this->log());
            }
            usleep(20000);
        }
    }

    /** The settings of php.ini with which classes are preloaded. */
    public static function preload(string $file): array
    {
        $settings = ['ffi.enable' => 'preload', 'opcache.enable' => '1', 'opcache.preload' => $file];

        return self::root() ? $settings + ['opcache.preload_user' => 'root'] : $settings;
    }

    public static function program(): string
    {
        $version = PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        foreach (["/usr/sbin/php-fpm$version", '/usr/local/sbin/php-fpm', '/usr/sbin/php-fpm'] as $program) {
            if (is_executable($program)) {
                return $program;
            }
        }
        throw new \RuntimeException('php-fpm is not installed');
    }

    /** What a script prints under this php-fpm. */
    public function ask(string $code): string
    {
        $script = $this->folder . '/ask.php';
        file_put_contents($script, "<?php\n" . $code);
        $request = [
            'env', '-i', "SCRIPT_FILENAME=$script", 'SCRIPT_NAME=/ask.php', 'REQUEST_METHOD=GET', 'QUERY_STRING=',
            'SERVER_PROTOCOL=HTTP/1.1', 'PATH=' . getenv('PATH'), 'cgi-fcgi', '-bind', '-connect', $this->folder . '/fpm.sock',
        ];
        [$status, $answer] = Process::run($request);
        $parts = explode("\r\n\r\n", $answer, 2);
        if ($status !== 0 || count($parts) !== 2) {
            throw new \RuntimeException("cgi-fcgi: $status $answer " . $this->log());
        }

        return $parts[1];
    }

    public function stop(): void
    {
        proc_terminate($this->process, 3);
        proc_close($this->process);
        Process::remove($this->folder);
    }

    private static function root(): bool
    {
        return function_exists('posix_geteuid') && posix_geteuid() === 0;
    }

    private function log(): string
    {
        $log = '';
        foreach (['out', 'fpm.log'] as $name) {
            $log .= is_file($this->folder . '/' . $name) ? file_get_contents($this->folder . '/' . $name) : '';
        }

        return $log;
    }
}
