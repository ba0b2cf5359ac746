<?php
/**
 * Tells whmcsync which clients and domains changed, so that it looks at them now instead of at its next round.
 *
 * Copy this file into includes/hooks/ of WHMCS and name the server in one of these places (the first that has both wins):
 *   1. constants in configuration.php:    define('WHMCSYNC_HOOK_URL', '...');  define('WHMCSYNC_HOOK_SECRET', '...');
 *   2. environment variables of the same two names;
 *   3. a file whmcsync.config.php beside this one:   <?php return ['url' => '...', 'secret' => '...', 'address' => '...'];
 * The URL reads https://sync.example.com/hooks/whmcs/main, where "main" is the source's name in whmcsync.yaml; the secret
 * is that source's hook_secret. Without them this file does nothing. WHMCSYNC_HOOK_ADDRESS, or 'address', is the IP address
 * of the URL's host; with it no DNS is needed. It is optional.
 *
 * What leaves this server is ids only, signed. It happens once, at the end of the page, within a second at most, and
 * whatever goes wrong is swallowed: a call that is lost costs minutes, since whmcsync looks for changes by itself too.
 *
 * WHMCS has no hook for a client who switches auto-renew: the page of the domain that follows tells it. For ID protection
 * that a client orders or drops it has none at all, nor for what its API and other modules write: whmcsync finds that by
 * its own look for changed domains, minutes later, or at its next round.
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

        /** How long the DNS may take of that. */
        const LOOKUP = 0.4;

        /** A long import is told in parts; the server takes 1000 ids in one call. */
        const PART = 500;

        /** Which parameters of a hook hold client ids. (In ClientAdd, user_id is a login, not a client.) */
        const CLIENTS = array(
            'ClientAdd' => array('client_id', 'userid'),
            'ClientEdit' => array('userid'),
            'ClientClose' => array('userid'),
            'PreDeleteClient' => array('userid'),
            'ClientDelete' => array('userid'),
            'AfterClientMerge' => array('toUserID', 'fromUserID'),
        );

        /** Which hold domain ids; those of a registrar's module are one level down, in "params". */
        const DOMAINS = array(
            'DomainEdit' => array('domainid'),
            'DomainDelete' => array('domainid'),
            'DomainTransferCompleted' => array('domainId'),
            'DomainTransferFailed' => array('domainId'),
            'AfterRegistrarRegistration' => array('domainid'),
            'AfterRegistrarRenewal' => array('domainid'),
            'AfterRegistrarTransfer' => array('domainid'),
            'ClientAreaPageDomainDetails' => array('domainid'),
        );

        private static $ids = array('clients' => array(), 'domains' => array());
        private static $events = array();
        private static $waiting = false;
        private static $gaveUp = false;
        private static $end = 0.0;
        private static $addresses = array();

        public static function register()
        {
            foreach (array('clients' => self::CLIENTS, 'domains' => self::DOMAINS) as $what => $hooks) {
                foreach ($hooks as $event => $keys) {
                    add_hook($event, 100, function ($vars) use ($what, $event, $keys) {
                        self::note($what, $event, $keys, $vars);
                    });
                }
            }
        }

        /** Remembers the ids; the call is made when the page is done, so that ten edits are one call. */
        private static function note($what, $event, array $keys, $vars)
        {
            if ($event === 'ClientAreaPageDomainDetails' && !self::posted()) {
                return; // somebody looks at the page
            }
            foreach (self::idsIn($vars, $keys) as $id) {
                self::$ids[$what][$id] = true;
                self::$events[$event] = true;
            }
            if (!self::$waiting) {
                self::$waiting = true;
                register_shutdown_function(array(__CLASS__, 'flush'));
            }
            if (self::noted() >= self::PART) {
                self::flush();
            }
        }

        private static function posted()
        {
            return isset($_SERVER['REQUEST_METHOD']) && $_SERVER['REQUEST_METHOD'] === 'POST';
        }

        private static function idsIn($vars, array $keys)
        {
            $ids = array();
            if (is_array($vars) && isset($vars['params']) && is_array($vars['params'])) {
                $vars = $vars['params'];
            }
            foreach ($keys as $key) {
                $id = is_array($vars) && isset($vars[$key]) && is_numeric($vars[$key]) ? (int) $vars[$key] : 0;
                if ($id > 0) {
                    $ids[] = $id;
                }
            }
            return $ids;
        }

        private static function noted()
        {
            return count(self::$ids['clients']) + count(self::$ids['domains']);
        }

        /** Sends what was noted. Nothing that happens in here may be seen by the customer. */
        public static function flush()
        {
            $ids = array_map('array_keys', self::$ids);
            $events = array_keys(self::$events);
            self::$ids = array('clients' => array(), 'domains' => array());
            self::$events = array();
            if (!$events || self::$gaveUp) {
                return;
            }
            set_error_handler(function () {
                return true; // "@" is not enough: a handler of the page would still be called
            });
            try {
                // After one call without success a long script does not wait a second time.
                self::$gaveUp = !self::send(count($events) === 1 ? $events[0] : self::several($ids), $ids);
            } catch (\Throwable $e) {
                self::$gaveUp = true;
            }
            restore_error_handler();
        }

        /** The event that stands for several. A server that knows of clients only understands the first. */
        private static function several(array $ids)
        {
            return $ids['clients'] ? 'ClientsChanged' : 'DomainsChanged';
        }

        private static function send($event, array $ids)
        {
            self::$end = microtime(true) + self::LIMIT;
            list($url, $secret, $address) = self::settings();
            $to = parse_url($url);
            if ($secret === '' || !isset($to['host'], $to['scheme']) || !in_array($to['scheme'], array('http', 'https'), true)) {
                return false;
            }
            $to['host'] = trim($to['host'], '[]'); // those of an IPv6 address
            $to += array('port' => $to['scheme'] === 'https' ? 443 : 80);
            $address = $address === '' ? self::addressOf($to['host']) : $address;
            if (!self::isAddress($address)) {
                return false;
            }
            // The id makes two calls about the same client within a second two different calls.
            $body = json_encode(array('v' => 1, 'event' => $event) + $ids + array('id' => bin2hex(random_bytes(8))));
            $time = (string) time();
            $headers = array(
                'Content-Type: application/json',
                'X-Whmcsync-Timestamp: ' . $time,
                'X-Whmcsync-Signature: sha256=' . hash_hmac('sha256', $time . '.' . $body, $secret),
            );
            if (function_exists('curl_multi_init') && function_exists('curl_init')) {
                return self::sendByCurl($url, $to, $address, $headers, $body);
            }
            return self::sendBySocket($to, $address, $headers, $body);
        }

        /** The URL, the secret and the address, each '' where nothing is said. */
        private static function settings()
        {
            $names = array('WHMCSYNC_HOOK_URL', 'WHMCSYNC_HOOK_SECRET', 'WHMCSYNC_HOOK_ADDRESS');
            if (defined($names[0]) && defined($names[1])) {
                return array_map(function ($name) {
                    return defined($name) ? (string) constant($name) : '';
                }, $names);
            }
            if (getenv($names[0]) && getenv($names[1])) {
                return array_map(function ($name) {
                    return (string) getenv($name);
                }, $names);
            }
            $file = __DIR__ . '/whmcsync.config.php';
            ob_start(); // a blank line behind the file's end would show on the page
            $found = is_file($file) ? include $file : null;
            ob_end_clean();
            $found = (is_array($found) ? $found : array()) + array('url' => '', 'secret' => '', 'address' => '');
            return array((string) $found['url'], (string) $found['secret'], (string) $found['address']);
        }

        /**
         * The IP address of a host, or ''. Neither PHP nor curl can be told to stop waiting for a name: with a DNS that is silent
         * they hold the page for ten seconds and more. So they are never given one: this asks by itself and gives up in time.
         */
        private static function addressOf($host)
        {
            $host = strtolower(rtrim($host, '.'));
            if (self::isAddress($host)) {
                return $host;
            }
            if (!isset(self::$addresses[$host])) {
                $end = microtime(true) + self::LOOKUP;
                $found = self::fromHostsFile($host);
                $found = $found === '' ? self::fromDNS($host, 1, 4, $end) : $found;
                self::$addresses[$host] = $found === '' ? self::fromDNS($host, 28, 16, $end) : $found;
            }
            return self::$addresses[$host];
        }

        private static function isAddress($text)
        {
            return filter_var($text, FILTER_VALIDATE_IP) !== false;
        }

        private static function fromHostsFile($host)
        {
            foreach (explode("\n", (string) file_get_contents('/etc/hosts')) as $line) {
                $words = preg_split('/\s+/', strtolower(trim(preg_replace('/#.*/', '', $line))));
                if (in_array($host, array_slice($words, 1), true) && self::isAddress($words[0])) {
                    return $words[0];
                }
            }
            return $host === 'localhost' ? '127.0.0.1' : '';
        }

        /** Asks all name servers of this machine at once for an A (1) or AAAA (28) record; the first good answer counts. */
        private static function fromDNS($host, $type, $size, $end)
        {
            $name = '';
            foreach (explode('.', $host) as $label) {
                if ($label === '' || strlen($label) > 63) {
                    return '';
                }
                $name .= chr(strlen($label)) . $label;
            }
            $id = random_bytes(2);
            $question = $name . "\0" . pack('n2', $type, 1);
            $asked = array();
            foreach (self::nameServers() as $server) {
                $socket = stream_socket_client('udp://' . self::inURL($server) . ':53', $code, $text, self::LOOKUP);
                if (is_resource($socket) && fwrite($socket, $id . pack('n5', 0x0100, 1, 0, 0, 0) . $question)) {
                    stream_set_blocking($socket, false);
                    $asked[] = $socket;
                }
            }
            while ($asked && ($left = $end - microtime(true)) > 0) {
                $ready = $asked;
                $none = null;
                if (!stream_select($ready, $none, $none, 0, (int) ($left * 1000000))) {
                    break;
                }
                foreach ($ready as $key => $socket) {
                    $found = self::addressIn((string) fread($socket, 4096), $id, $question, $type, $size);
                    if ($found !== '') {
                        return $found;
                    }
                    unset($asked[array_search($socket, $asked, true)]);
                }
            }
            return '';
        }

        /** As the C library does: the first three, or the one on this machine. */
        private static function nameServers()
        {
            preg_match_all('/^\s*nameserver\s+(\S+)/m', (string) file_get_contents('/etc/resolv.conf'), $found);
            $servers = array_filter($found[1], array(__CLASS__, 'isAddress'));
            return $servers ? array_slice($servers, 0, 3) : array('127.0.0.1');
        }

        /** The first address in an answer to our question, whatever aliases come before it, or ''. */
        private static function addressIn($answer, $id, $question, $type, $size)
        {
            $at = 12 + strlen($question);
            if (substr($answer, 0, 2) !== $id || strtolower(substr($answer, 12, strlen($question))) !== $question) {
                return '';
            }
            for ($left = unpack('n', $answer, 6)[1]; $left > 0; $left--) {
                while (ord($answer[$at]) > 0 && ord($answer[$at]) < 192) { // a name: labels up to an empty one or a pointer
                    $at += 1 + ord($answer[$at]);
                }
                $at += ord($answer[$at]) === 0 ? 1 : 2;
                $record = unpack('ntype/nclass/Nttl/nsize', $answer, $at);
                if ($record['type'] === $type && $record['size'] === $size) {
                    return (string) inet_ntop(substr($answer, $at + 10, $size));
                }
                $at += 10 + $record['size'];
            }
            return '';
        }

        private static function inURL($address)
        {
            return strpos($address, ':') === false ? $address : '[' . $address . ']';
        }

        /** The multi interface, because with it we can leave before the answer has come. */
        private static function sendByCurl($url, array $to, $address, array $headers, $body)
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
                CURLOPT_RESOLVE => array(rtrim($to['host'], '.') . ':' . $to['port'] . ':' . self::inURL($address)),
                CURLOPT_PROXY => '', // one from the environment would have a name to look up, too
                CURLOPT_TIMEOUT_MS => max(1, (int) ((self::$end - microtime(true)) * 1000)),
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
            $end = self::$end;
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

        private static function sendBySocket(array $to, $address, array $headers, $body)
        {
            $tls = $to['scheme'] === 'https';
            // With TLS the limit is taken twice: once for the connection, once for the handshake.
            $limit = max(0.01, self::$end - microtime(true)) * ($tls ? 0.4 : 0.7);
            $server = ($tls ? 'ssl' : 'tcp') . '://' . self::inURL($address) . ':' . $to['port'];
            $known = stream_context_create(array('ssl' => array('peer_name' => $to['host'])));
            $socket = stream_socket_client($server, $code, $text, $limit, STREAM_CLIENT_CONNECT, $known);
            if (!is_resource($socket)) {
                return false;
            }
            stream_set_blocking($socket, false); // a full buffer must not hold the page
            $sent = self::write($socket, self::request($to, $headers, $body), self::$end);
            if ($sent) {
                self::listen($socket, self::$end);
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

        private static function request(array $to, array $headers, $body)
        {
            $path = (isset($to['path']) ? $to['path'] : '/') . (isset($to['query']) ? '?' . $to['query'] : '');
            array_unshift($headers, 'POST ' . $path . ' HTTP/1.1', 'Host: ' . self::inURL($to['host']) . ':' . $to['port']);
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
