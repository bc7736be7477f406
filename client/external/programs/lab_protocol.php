<?php
// The lab's protocol: one JSON line in for each request, one JSON line out with its result (docs/clients.md).

function say(array $message): void {
    fwrite(STDOUT, json_encode($message) . "\n");
}

// Answers the request lines one after the other. $request gets method, URL and the caller's limit in milliseconds (null: the library's own default).
// It returns ['status' => …, 'body' => …], or ['error' => …, 'causes' => […]].
function serve(callable $request): void {
    say(['ready' => true]);
    while (($line = fgets(STDIN)) !== false) {
        $asked = json_decode($line, true);
        say(['id' => $asked['id']] + $request($asked['method'], $asked['url'], $asked['timeoutMs'] ?? null));
    }
}
