import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** OkHttp. All requests share one client with default settings. */
public class OkHttp {
    public static void main(String[] args) throws IOException {
        OkHttpClient client = new OkHttpClient();
        LabProtocol.serve((method, url, timeoutMs) -> {
            RequestBody body = method.equals("POST") ? RequestBody.create(null, new byte[0]) : null;
            Call call = client.newCall(new Request.Builder().url(url).method(method, body).build());
            if (timeoutMs != null) call.timeout().timeout(timeoutMs, TimeUnit.MILLISECONDS);
            try (Response response = call.execute()) {
                return Map.entry(response.code(), response.body().string());
            } catch (InterruptedIOException error) {
                // OkHttp cancels a call when its time is over. This is how it does it, and no cause.
                throw new InterruptedIOException(error.getMessage());
            }
        });
    }
}
