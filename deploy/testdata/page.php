<?php
// A page of WHMCS, as far as a hook file can tell: add_hook exists, every error is shown and reported, events happen.
// Usage: page.php HOOKFILE EVENTS, with EVENTS as JSON like [["ClientEdit",{"userid":12}]].
error_reporting(E_ALL);
ini_set('display_errors', '1');
set_error_handler(function ($number, $text) {
    echo "ERROR SEEN BY THE PAGE: $text\n";
    return true;
});
$hooks = array();
function add_hook($event, $priority, $function)
{
    global $hooks;
    $hooks[$event][] = $function;
}

require $argv[1];
require $argv[1]; // WHMCS may be made to load a file twice

foreach (json_decode($argv[2], true) as list($event, $vars)) {
    foreach (isset($hooks[$event]) ? $hooks[$event] : array() as $function) {
        if ($function($vars) !== null) {
            echo "a hook returned something\n";
        }
    }
}
echo 'page done';
$start = microtime(true);
register_shutdown_function(function () use ($start) {
    fwrite(STDERR, sprintf('%.3f', microtime(true) - $start));
});
