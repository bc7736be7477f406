import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;

/** Reads names, a line each, and writes the addresses of each name in the order of InetAddress. */
class Lookup {
  public static void main(String[] args) throws Exception {
    BufferedReader names = new BufferedReader(new InputStreamReader(System.in));
    for (String name = names.readLine(); name != null; name = names.readLine()) {
      StringBuilder line = new StringBuilder();
      for (InetAddress address : InetAddress.getAllByName(name)) line.append(address.getHostAddress()).append(' ');
      System.out.println(line);
    }
  }
}
