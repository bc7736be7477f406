import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.Map;

/** java.net.HttpURLConnection. It keeps the connection of a response whose body was read to its end. */
public class UrlConnection {
    public static void main(String[] args) throws IOException {
        LabProtocol.serve(UrlConnection::request);
    }

    private static Map.Entry<Integer, String> request(String method, String url, Integer timeoutMs) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) new URL(url).openConnection();
        connection.setRequestMethod(method);
        if (timeoutMs != null) {
            connection.setConnectTimeout(timeoutMs);
            connection.setReadTimeout(timeoutMs);
        }
        if (method.equals("POST")) {
            connection.setDoOutput(true);
            connection.getOutputStream().close();
        }
        int status = connection.getResponseCode();
        // A status of 400 or more is an exception for getInputStream, but it is still a response.
        try (InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return Map.entry(status, body == null ? "" : new String(body.readAllBytes(), "UTF-8"));
        }
    }
}
