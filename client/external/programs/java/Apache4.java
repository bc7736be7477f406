import java.io.IOException;
import java.net.URI;
import java.util.Map;
import org.apache.http.client.config.RequestConfig;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.RequestBuilder;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;

/** Apache HttpClient 4. All requests share one client with default settings. */
public class Apache4 {
    public static void main(String[] args) throws IOException {
        CloseableHttpClient client = HttpClients.createDefault();
        LabProtocol.serve((method, url, timeoutMs) -> {
            RequestBuilder builder = RequestBuilder.create(method).setUri(URI.create(url));
            if (timeoutMs != null) {
                builder.setConfig(RequestConfig.custom().setConnectTimeout(timeoutMs).setConnectionRequestTimeout(timeoutMs).setSocketTimeout(timeoutMs).build());
            }
            try (CloseableHttpResponse response = client.execute(builder.build())) {
                return Map.entry(response.getStatusLine().getStatusCode(), EntityUtils.toString(response.getEntity()));
            }
        });
    }
}
