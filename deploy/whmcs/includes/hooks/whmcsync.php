<?php
/**
 * Tells whmcsync which clients changed, so that it looks at them now instead of at its next round.
 *
 * Copy this file into includes/hooks/ of WHMCS and name the server in one of these places (the first that has both wins):
 *   1. constants in configuration.php:    define('WHMCSYNC_HOOK_URL', '...');  define('WHMCSYNC_HOOK_SECRET', '...');
 *   2. environment variables of the same two names;
 *   3. a file whmcsync.config.php beside this one:   <?php return ['url' => '...', 'secret' => '...'];
 * The URL reads https://sync.example.com/hooks/whmcs/main, where "main" is the source's name in whmcsync.yaml; the secret
 * is that source's hook_secret. Without them this file does nothing.
 *
 * What leaves this server is ids only, signed. It happens once, at the end of the page, within a second at most, and
 * whatever goes wrong is swallowed: a call that is lost costs minutes, since whmcsync looks for changes by itself too.
 *
 * PHP 7.2 and newer, with or without the curl extension. No Composer, no WHMCS API.
 */

if (!function_exists('add_hook')) {
    return;
}

// The condition also keeps PHP from declaring the class before it runs the first line.
if (!class_exists('WhmcsyncHook', false)) {
    final class WhmcsyncHook
    {
        /** Seconds for everything that is done at the end of a page, and how much of them is spent on hearing an answer. */
        const LIMIT = 0.9;
        const LISTEN = 0.25;

        /** A long import is told in parts; the server takes 1000 ids in one call. */
        const PART = 500;

        /** Which parameters of a hook hold client ids. (In ClientAdd, user_id is a login, not a client.) */
        const HOOKS = array(
            'ClientAdd' => array('client_id', 'userid'),
            'ClientEdit' => array('userid'),
            'ClientClose' => array('userid'),
            'PreDeleteClient' => array('userid'),
            'ClientDelete' => array('userid'),
            'AfterClientMerge' => array('toUserID', 'fromUserID'),
        );

        private static $clients = array();
        private static $events = array();
        private static $waiting = false;
        private static $gaveUp = false;

        public static function register()
        {
            foreach (self::HOOKS as $event => $keys) {
                add_hook($event, 100, function ($vars) use ($event, $keys) {
                    self::note($event, $keys, $vars);
                });
            }
        }

        /** Remembers the ids; the call is made when the page is done, so that ten edits are one call. */
        private static function note($event, array $keys, $vars)
        {
            foreach ($keys as $key) {
                $id = is_array($vars) && isset($vars[$key]) && is_numeric($vars[$key]) ? (int) $vars[$key] : 0;
                if ($id > 0) {
                    self::$clients[$id] = true;
                    self::$events[$event] = true;
                }
            }
            if (!self::$waiting) {
                self::$waiting = true;
                register_shutdown_function(array(__CLASS__, 'flush'));
            }
            if (count(self::$clients) >= self::PART) {
                self::flush();
            }
        }

        /** Sends what was noted. Nothing that happens in here may be seen by the customer. */
        public static function flush()
        {
            $clients = array_keys(self::$clients);
            $events = array_keys(self::$events);
            self::$clients = self::$events = array();
            if (!$clients || self::$gaveUp) {
                return;
            }
            set_error_handler(function () {
                return true; // "@" is not enough: a handler of the page would still be called
            });
            try {
                // After one call without success a long script does not wait a second time.
                self::$gaveUp = !self::send(count($events) === 1 ? $events[0] : 'ClientsChanged', $clients);
            } catch (\Throwable $e) {
                self::$gaveUp = true;
            }
            restore_error_handler();
        }

        private static function send($event, array $clients)
        {
            list($url, $secret) = self::settings();
            if ($url === '' || $secret === '') {
                return false;
            }
            // The id makes two calls about the same client within a second two different calls.
            $body = json_encode(array('v' => 1, 'event' => $event, 'clients' => $clients, 'id' => bin2hex(random_bytes(8))));
            $time = (string) time();
            $headers = array(
                'Content-Type: application/json',
                'X-Whmcsync-Timestamp: ' . $time,
                'X-Whmcsync-Signature: sha256=' . hash_hmac('sha256', $time . '.' . $body, $secret),
            );
            if (function_exists('curl_multi_init') && function_exists('curl_init')) {
                return self::sendByCurl($url, $headers, $body);
            }
            return self::sendBySocket($url, $headers, $body);
        }

        private static function settings()
        {
            if (defined('WHMCSYNC_HOOK_URL') && defined('WHMCSYNC_HOOK_SECRET')) {
                return array((string) constant('WHMCSYNC_HOOK_URL'), (string) constant('WHMCSYNC_HOOK_SECRET'));
            }
            if (getenv('WHMCSYNC_HOOK_URL') && getenv('WHMCSYNC_HOOK_SECRET')) {
                return array((string) getenv('WHMCSYNC_HOOK_URL'), (string) getenv('WHMCSYNC_HOOK_SECRET'));
            }
            $file = __DIR__ . '/whmcsync.config.php';
            ob_start(); // a blank line behind the file's end would show on the page
            $found = is_file($file) ? include $file : null;
            ob_end_clean();
            if (is_array($found) && isset($found['url'], $found['secret'])) {
                return array((string) $found['url'], (string) $found['secret']);
            }
            return array('', '');
        }

        /** The multi interface, because with it we can leave before the answer has come. */
        private static function sendByCurl($url, array $headers, $body)
        {
            $call = curl_init($url);
            $headers[] = 'Expect:';
            curl_setopt_array($call, array(
                CURLOPT_POST => true,
                CURLOPT_POSTFIELDS => $body,
                CURLOPT_HTTPHEADER => $headers,
                CURLOPT_RETURNTRANSFER => true,
                CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
                CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
                CURLOPT_NOSIGNAL => true,
                CURLOPT_TIMEOUT_MS => (int) (self::LIMIT * 1000),
            ));
            $multi = curl_multi_init();
            curl_multi_add_handle($multi, $call);
            $sent = self::drive($multi, $call, strlen($body));
            curl_multi_remove_handle($multi, $call);
            curl_multi_close($multi);
            return $sent;
        }

        /** Runs the call until it is over, or sent and not answered for a moment, or the time is up. True when it was sent. */
        private static function drive($multi, $call, $length)
        {
            $end = microtime(true) + self::LIMIT;
            $sent = false;
            do {
                curl_multi_exec($multi, $running);
                if (!$sent && curl_getinfo($call, CURLINFO_SIZE_UPLOAD) >= $length) {
                    $sent = true;
                    // A proxy that saw us leave at once might drop the call.
                    $end = min($end, microtime(true) + self::LISTEN);
                }
                $left = $end - microtime(true);
                if ($running && $left > 0 && curl_multi_select($multi, min($left, 0.05)) < 0) {
                    usleep(5000);
                }
            } while ($running && $left > 0);
            return $sent;
        }

        private static function sendBySocket($url, array $headers, $body)
        {
            $to = parse_url($url);
            if (!is_array($to) || !isset($to['host'], $to['scheme']) || !in_array($to['scheme'], array('http', 'https'), true)) {
                return false;
            }
            $end = microtime(true) + self::LIMIT;
            $tls = $to['scheme'] === 'https';
            $port = isset($to['port']) ? $to['port'] : ($tls ? 443 : 80);
            // With TLS the limit is taken twice: once for the connection, once for the handshake.
            $limit = self::LIMIT * ($tls ? 0.4 : 0.7);
            $socket = stream_socket_client(($tls ? 'ssl' : 'tcp') . '://' . $to['host'] . ':' . $port, $code, $text, $limit);
            if (!is_resource($socket)) {
                return false;
            }
            stream_set_blocking($socket, false); // a full buffer must not hold the page
            $sent = self::write($socket, self::request($to, $port, $headers, $body), $end);
            if ($sent) {
                self::listen($socket, $end);
            }
            fclose($socket);
            return $sent;
        }

        /** Waits for the first word of an answer. TLS has things of its own to say before, which are not it. */
        private static function listen($socket, $end)
        {
            $end = min($end, microtime(true) + self::LISTEN);
            do {
                $left = max(0, $end - microtime(true));
                $read = array($socket);
                $none = null;
                stream_select($read, $none, $none, 0, (int) ($left * 1000000));
                $heard = fread($socket, 100);
            } while ($left > 0 && ($heard === '' || $heard === false) && !feof($socket));
        }

        private static function request(array $to, $port, array $headers, $body)
        {
            $path = (isset($to['path']) ? $to['path'] : '/') . (isset($to['query']) ? '?' . $to['query'] : '');
            array_unshift($headers, 'POST ' . $path . ' HTTP/1.1', 'Host: ' . $to['host'] . ':' . $port);
            array_push($headers, 'Content-Length: ' . strlen($body), 'Connection: close');
            return implode("\r\n", $headers) . "\r\n\r\n" . $body;
        }

        private static function write($socket, $data, $end)
        {
            while ($data !== '' && microtime(true) < $end) {
                $n = fwrite($socket, $data);
                if ($n === false) {
                    return false;
                }
                $data = (string) substr($data, $n);
                if ($n === 0) {
                    usleep(5000);
                }
            }
            return $data === '';
        }
    }

    WhmcsyncHook::register();
}
