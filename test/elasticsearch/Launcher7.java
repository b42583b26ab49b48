import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.index.mapper.MapperExtrasPlugin;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.reindex.ReindexPlugin;
import org.elasticsearch.transport.Netty4Plugin;

/** Launcher.java for Elasticsearch 7.17, whose modules are plain jars: the same arguments, output and end. */
public class Launcher7 extends Node {
  Launcher7(Settings settings, Path config) {
    super(
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), config, () -> "test"),
        List.of(Netty4Plugin.class, MapperExtrasPlugin.class, ReindexPlugin.class),
        true);
  }

  public static void main(String[] args) throws Exception {
    Path config = Files.createDirectories(Path.of(args[1], "config"));
    Settings.Builder settings = Settings.builder().put("path.home", args[0]).put("path.data", args[1] + "/data");
    settings.put("http.type", "netty4").put("transport.type", "netty4");
    for (String setting : List.of(args).subList(2, args.length)) {
      int equals = setting.indexOf('=');
      settings.put(setting.substring(0, equals), setting.substring(equals + 1));
    }
    LogConfigurator.configureWithoutConfig(settings.build());
    Node node = new Launcher7(settings.build(), config);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
    node.start();
    var address = node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress();
    System.out.println("listening on " + address);
    while (System.in.read() >= 0) {}
    System.exit(0);
  }

  static void close(Node node) {
    try {
      node.close();
      node.awaitClose(20, TimeUnit.SECONDS);
    } catch (Exception e) {
      e.printStackTrace();
    }
  }
}
