<?php
// Guzzle with one shared client. Its default handler is PHP's curl extension. This is the path at which Debian's package has it.
require 'GuzzleHttp/autoload.php';
require __DIR__ . '/lab_protocol.php';

$client = new GuzzleHttp\Client(options() + (in_array('--http2', $argv) ? ['version' => '2.0'] : []));
serve(function (string $method, string $url, ?int $timeoutMs) use ($client): array {
    try {
        $response = $client->request($method, $url, $timeoutMs === null ? [] : ['timeout' => $timeoutMs / 1000]);
    } catch (GuzzleHttp\Exception\BadResponseException $error) {
        // Guzzle throws for a status of 400 or more, but it is still a response.
        $response = $error->getResponse();
    } catch (Throwable $error) {
        $number = method_exists($error, 'getHandlerContext') ? $error->getHandlerContext()['errno'] ?? 0 : 0;
        $causes = [];
        for ($each = $error; $each !== null; $each = $each->getPrevious()) $causes[] = get_class($each) . ': ' . $each->getMessage();
        return ['error' => $number ? curl_strerror($number) : get_class($error), 'causes' => $causes];
    }
    return ['status' => $response->getStatusCode(), 'body' => (string) $response->getBody()];
});
