import java.util.Map;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/**
 * What the mapping of the index with users and API keys needs of the module analysis-common, which is in no public repository:
 * without it no API key can be created.
 */
public class Analysis extends Plugin implements AnalysisPlugin {
  @Override
  public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
    return Map.of("pattern_capture", (index, environment, name, settings) -> new Capture(name, settings), "unique", (index, environment, name, settings) -> new Unique(name));
  }

  @Override
  public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
    return Map.of("uax_url_email", (index, environment, name, settings) -> TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
  }

  private static final class Capture extends AbstractTokenFilterFactory {
    private final Settings settings;

    Capture(String name, Settings settings) {
      super(name);
      this.settings = settings;
    }

    @Override
    public TokenStream create(TokenStream tokens) {
      Pattern[] patterns = settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
      return new PatternCaptureGroupTokenFilter(tokens, settings.getAsBoolean("preserve_original", true), patterns);
    }
  }

  private static final class Unique extends AbstractTokenFilterFactory {
    Unique(String name) {
      super(name);
    }

    @Override
    public TokenStream create(TokenStream tokens) {
      return new RemoveDuplicatesTokenFilter(tokens);
    }
  }
}
