import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginBundle;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestHandler.Route;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestRequest.Method;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;

/**
 * Starts one Elasticsearch node (8.19 or 9.x) from plain jars, for tests: {@code Launcher HOME DATA [setting=value ...]}.
 * Prints {@code listening on ADDRESS} once it answers. Lives as long as its standard input stays open, so that a test
 * process that dies, however it dies, never leaves a node behind.
 */
public class Launcher {
  public static void main(String[] args) throws Exception {
    Path config = Files.createDirectories(Path.of(args[1], "config"));
    Settings.Builder settings = Settings.builder().put("path.home", args[0]).put("path.data", args[1] + "/data");
    for (String setting : List.of(args).subList(2, args.length)) {
      int equals = setting.indexOf('=');
      settings.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    LogConfigurator.configureESLogging();
    LogConfigurator.configureWithoutConfig(settings.build());
    LogConfigurator.setNodeName("test");
    var environment = InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), config, () -> "test");
    // The last argument: the server sits on the class path, so there are no Java modules to export services from.
    var plugins = PluginsLoader.createPluginsLoader(modules(environment.modulesDir()), Set.of(), Map.of(), false);
    Node node = new Node(environment, plugins);
    node.injector().getInstance(RestController.class).registerHandler(new Info(node));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
    node.start();
    var address = node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress();
    System.out.println("listening on " + address);
    while (System.in.read() >= 0) {}
    System.exit(0);
  }

  /** 9.x takes a second argument that 8.19 does not know. */
  @SuppressWarnings("unchecked")
  static Set<PluginBundle> modules(Path directory) throws Exception {
    String name = "loadModulesBundles";
    try {
      var load = PluginsLoader.class.getMethod(name, Path.class, boolean.class);
      return (Set<PluginBundle>) load.invoke(null, directory, true);
    } catch (NoSuchMethodException older) {
      return (Set<PluginBundle>) PluginsLoader.class.getMethod(name, Path.class).invoke(null, directory);
    }
  }

  static void close(Node node) {
    try {
      node.prepareForClose();
      node.close();
      node.awaitClose(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      e.printStackTrace();
    }
  }

  /** {@code GET /}, by which clients find out whom they talk to: its module is in no public repository. */
  static final class Info extends BaseRestHandler {
    private final Node node;

    Info(Node node) {
      this.node = node;
    }

    @Override
    public String getName() {
      return "info";
    }

    @Override
    public List<Route> routes() {
      return List.of(new Route(Method.GET, "/"), new Route(Method.HEAD, "/"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
      return channel -> {
        var cluster = node.injector().getInstance(ClusterService.class).state();
        var build = Build.current();
        var answer = channel.newBuilder().startObject();
        answer.field("name", "test").field("cluster_name", cluster.getClusterName().value());
        answer.field("cluster_uuid", cluster.metadata().clusterUUID());
        answer.startObject("version").field("number", build.qualifiedVersion()).field("build_flavor", build.flavor());
        answer.field("build_type", build.type().displayName()).field("build_hash", build.hash());
        answer.field("build_date", build.date()).field("build_snapshot", build.isSnapshot());
        answer.field("lucene_version", org.apache.lucene.util.Version.LATEST.toString());
        answer.field("minimum_wire_compatibility_version", build.minWireCompatVersion());
        answer.field("minimum_index_compatibility_version", build.minIndexCompatVersion()).endObject();
        channel.sendResponse(new RestResponse(RestStatus.OK, answer.field("tagline", "You Know, for Search").endObject()));
      };
    }
  }
}
