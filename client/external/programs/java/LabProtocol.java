import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The lab's protocol: one JSON line in for each request, one JSON line out with its result (docs/clients.md). */
final class LabProtocol {
    private LabProtocol() {}

    interface Client {
        /** Returns status and body of the response. timeoutMs: the caller's limit in milliseconds; null: the library's own default. */
        Map.Entry<Integer, String> request(String method, String url, Integer timeoutMs) throws Exception;
    }

    /** Answers each request line in a thread of its own, until stdin ends. Then it ends the JVM. */
    static void serve(Client client) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        say("{\"ready\":true}");
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String asked = line;
            new Thread(() -> answer(client, asked)).start();
        }
        System.exit(0);
    }

    private static void answer(Client client, String asked) {
        String id = field(asked, "id");
        String timeoutMs = field(asked, "timeoutMs");
        try {
            Map.Entry<Integer, String> response = client.request(field(asked, "method"), field(asked, "url"), timeoutMs == null ? null : Integer.valueOf(timeoutMs));
            say("{\"id\":" + id + ",\"status\":" + response.getKey() + ",\"body\":" + quoted(response.getValue()) + "}");
        } catch (Exception error) {
            Throwable innermost = error;
            StringBuilder causes = new StringBuilder(quoted(error.toString()));
            while (innermost.getCause() != null) {
                innermost = innermost.getCause();
                causes.append(",").append(quoted(innermost.toString()));
            }
            // Exceptions often have no message, so the class name is reported too.
            String name = innermost.getMessage() == null ? innermost.getClass().getSimpleName() : innermost.getClass().getSimpleName() + ": " + innermost.getMessage();
            say("{\"id\":" + id + ",\"error\":" + quoted(name) + ",\"causes\":[" + causes + "]}");
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
