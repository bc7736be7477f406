<?php
// The lab's protocol: one JSON line in for each request, one JSON line out with its result (docs/clients.md).

// The options of a variant, such as `php-guzzle?timeout=1`: the word `--options={"timeout":1}` of the command line.
function options(): array {
    foreach ($_SERVER['argv'] as $word) if (str_starts_with($word, '--options=')) return json_decode(substr($word, strlen('--options=')), true);
    return [];
}

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
