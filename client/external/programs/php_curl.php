<?php
// PHP's curl extension. One handle makes all requests, so that it keeps its connections.
function say(array $message): void {
    fwrite(STDOUT, json_encode($message) . "\n");
}

$curl = curl_init();
say(['ready' => true]);
while (($line = fgets(STDIN)) !== false) {
    $asked = json_decode($line, true);
    curl_setopt_array($curl, [
        CURLOPT_URL => $asked['url'],
        CURLOPT_CUSTOMREQUEST => $asked['method'],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT_MS => $asked['timeoutMs'] ?? 0,
    ]);
    $body = curl_exec($curl);
    if ($body === false) {
        say(['id' => $asked['id'], 'error' => curl_strerror(curl_errno($curl)), 'causes' => [curl_error($curl)]]);
    } else {
        say(['id' => $asked['id'], 'status' => curl_getinfo($curl, CURLINFO_RESPONSE_CODE), 'body' => $body]);
    }
}
