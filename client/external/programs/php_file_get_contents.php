<?php
// PHP's file_get_contents. It opens a connection for each request.
require __DIR__ . '/lab_protocol.php';

serve(function (string $method, string $url, ?int $timeoutMs): array {
    $warnings = [];
    set_error_handler(function (int $level, string $text) use (&$warnings): bool {
        $warnings[] = $text;
        return true;
    });
    $options = ['method' => $method] + ($timeoutMs === null ? [] : ['timeout' => $timeoutMs / 1000]);
    $body = file_get_contents($url, false, stream_context_create(['http' => $options]));
    restore_error_handler();
    // A status of 400 or more is a warning, too, but then there are headers. The body is not read.
    if (!empty($http_response_header)) return ['status' => (int) explode(' ', $http_response_header[0])[1], 'body' => (string) $body];
    // Where there are several warnings, the first one has the reason. OpenSSL's message is its last line.
    $reason = preg_replace('/^file_get_contents\([^)]*\): (Failed to open stream: )?/', '', trim($warnings[0] ?? 'no warning'));
    $lines = explode("\n", $reason);
    return ['error' => end($lines), 'causes' => $warnings];
});
