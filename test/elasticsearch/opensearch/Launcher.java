import java.util.List;
import org.codelibs.opensearch.runner.OpenSearchRunner;
import org.opensearch.http.HttpServerTransport;

/**
 * Starts one OpenSearch node from plain jars, for tests: {@code Launcher HOME DATA [setting=value ...]}. Prints
 * {@code listening on ADDRESS} once it answers, and lives as long as its standard input stays open.
 */
public class Launcher {
  public static void main(String[] args) throws Exception {
    OpenSearchRunner runner = new OpenSearchRunner();
    runner.onBuild((number, settings) -> {
      for (String setting : List.of(args).subList(2, args.length)) {
        int equals = setting.indexOf('=');
        settings.put(setting.substring(0, equals), setting.substring(equals + 1));
      }
    });
    runner.build(OpenSearchRunner.newConfigs().basePath(args[1]).numOfNode(1).clusterName("test").useLogger());
    var http = runner.node().injector().getInstance(HttpServerTransport.class);
    System.out.println("listening on " + http.boundAddress().publishAddress());
    while (System.in.read() >= 0) {}
    runner.close();
    System.exit(0);
  }
}
