<?php
// PHP's curl extension. One handle makes all requests, so that it keeps its connections.
require __DIR__ . '/lab_protocol.php';

$curl = curl_init();
serve(function (string $method, string $url, ?int $timeoutMs) use ($curl): array {
    curl_setopt_array($curl, [
        CURLOPT_URL => $url,
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT_MS => $timeoutMs ?? 0,
    ]);
    $body = curl_exec($curl);
    return $body === false
        ? ['error' => curl_strerror(curl_errno($curl)), 'causes' => [curl_error($curl)]]
        : ['status' => curl_getinfo($curl, CURLINFO_RESPONSE_CODE), 'body' => $body];
});
