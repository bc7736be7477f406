import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.Security;
import java.time.Duration;
import java.util.Map;

/** java.net.http.HttpClient. All requests share one client with default settings. */
public class NetHttp {
    private static boolean newConnections;

    public static void main(String[] args) throws IOException {
        newConnections = args.length > 0 && args[0].equals("--new-connections");
        if (newConnections) {
            // A new connection follows a new lookup. By default InetAddress keeps an answer for 30 s.
            Security.setProperty("networkaddress.cache.ttl", "0");
            System.setProperty("jdk.httpclient.allowRestrictedHeaders", "connection");
        }
        HttpClient client = HttpClient.newHttpClient();
        LabProtocol.serve((method, url, timeoutMs) -> request(client, method, url, timeoutMs));
    }

    private static Map.Entry<Integer, String> request(HttpClient shared, String method, String url, Integer timeoutMs) throws Exception {
        // HTTP/2 has no `Connection: close` (RFC 9113 section 8.2.2). There, each request gets a client of its own, and with it a connection.
        boolean own = newConnections && url.startsWith("https:");
        HttpClient client = own ? HttpClient.newHttpClient() : shared;
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).method(method, HttpRequest.BodyPublishers.noBody());
            if (newConnections && !own) request.header("Connection", "close");
            if (timeoutMs != null) request.timeout(Duration.ofMillis(timeoutMs));
            HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return Map.entry(response.statusCode(), response.body());
        } finally {
            if (own) close(client);
        }
    }

    /** Ends the client's connections. Before Java 21, a client can only be left to the garbage collector, so its connection stays open for a while. */
    private static void close(HttpClient client) {
        if (!(client instanceof AutoCloseable)) return;
        try {
            ((AutoCloseable) client).close();
        } catch (Exception error) {
            System.err.println(error);
        }
    }
}
