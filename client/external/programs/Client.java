import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.Security;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** java.net.http.HttpClient with the lab's protocol (docs/clients.md). All requests share one client with default settings. */
public class Client {
    private static boolean newConnections;

    public static void main(String[] args) throws Exception {
        newConnections = args.length > 0 && args[0].equals("--new-connections");
        if (newConnections) {
            // A new connection follows a new lookup. By default InetAddress keeps an answer for 30 s.
            Security.setProperty("networkaddress.cache.ttl", "0");
            System.setProperty("jdk.httpclient.allowRestrictedHeaders", "connection");
        }
        HttpClient client = HttpClient.newHttpClient();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        say("{\"ready\":true}");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String asked = line;
            new Thread(() -> request(client, asked)).start();
        }
        System.exit(0);
    }

    private static void request(HttpClient shared, String asked) {
        String id = field(asked, "id");
        // HTTP/2 has no `Connection: close` (RFC 9113 section 8.2.2). There, each request gets a client of its own, and with it a connection.
        boolean own = newConnections && field(asked, "url").startsWith("https:");
        HttpClient client = own ? HttpClient.newHttpClient() : shared;
        try {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(field(asked, "url"))).method(field(asked, "method"), HttpRequest.BodyPublishers.noBody());
            if (newConnections && !own) request.header("Connection", "close");
            String timeoutMs = field(asked, "timeoutMs");
            if (timeoutMs != null) request.timeout(Duration.ofMillis(Long.parseLong(timeoutMs)));
            HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            say("{\"id\":" + id + ",\"status\":" + response.statusCode() + ",\"body\":" + quoted(response.body()) + "}");
        } catch (Exception error) {
            Throwable innermost = error;
            StringBuilder causes = new StringBuilder(quoted(error.toString()));
            while (innermost.getCause() != null) {
                innermost = innermost.getCause();
                causes.append(",").append(quoted(innermost.toString()));
            }
            // Exceptions of HttpClient often have no message, so the class name is reported too.
            String name = innermost.getMessage() == null ? innermost.getClass().getSimpleName() : innermost.getClass().getSimpleName() + ": " + innermost.getMessage();
            say("{\"id\":" + id + ",\"error\":" + quoted(name) + ",\"causes\":[" + causes + "]}");
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

    /** Returns one field of the request's JSON line. Java has no JSON parser, and this expression is enough for the lines of the lab. */
    private static String field(String line, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":(?:\"([^\"]*)\"|(\\d+))").matcher(line);
        return !found.find() ? null : found.group(1) == null ? found.group(2) : found.group(1);
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') json.append('\\').append(each);
            else if (each < ' ') json.append(String.format("\\u%04x", (int) each));
            else json.append(each);
        }
        return json.append('"').toString();
    }

    private static synchronized void say(String line) {
        System.out.println(line);
    }
}
