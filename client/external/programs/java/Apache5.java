import java.io.IOException;
import java.net.URI;
import java.util.Map;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.util.Timeout;

/** Apache HttpClient 5 (classic). All requests share one client with default settings. */
public class Apache5 {
    public static void main(String[] args) throws IOException {
        CloseableHttpClient client = HttpClients.createDefault();
        LabProtocol.serve((method, url, timeoutMs) -> {
            HttpUriRequestBase request = new HttpUriRequestBase(method, URI.create(url));
            if (timeoutMs != null) {
                Timeout limit = Timeout.ofMilliseconds(timeoutMs);
                request.setConfig(RequestConfig.custom().setConnectTimeout(limit).setConnectionRequestTimeout(limit).setResponseTimeout(limit).build());
            }
            return client.execute(request, response -> Map.entry(response.getCode(), EntityUtils.toString(response.getEntity())));
        });
    }
}
