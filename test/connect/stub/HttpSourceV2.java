import io.confluent.connect.http.source.GenericHttpSourceTask;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.apache.kafka.connect.source.SourceConnector;

/** What a real Kafka Connect worker runs under our connector's class name: as many tasks as are allowed. */
public class HttpSourceV2 extends SourceConnector {
    private Map<String, String> config;

    @Override public void start(Map<String, String> config) { this.config = config; }
    @Override public void stop() { }
    @Override public String version() { return "stub"; }
    @Override public ConfigDef config() { return new ConfigDef(); }
    @Override public Class<? extends Task> taskClass() { return GenericHttpSourceTask.class; }
    @Override public boolean alterOffsets(Map<String, String> config, Map<Map<String, ?>, Map<String, ?>> offsets) { return true; }
    @Override public ExactlyOnceSupport exactlyOnceSupport(Map<String, String> config) { return ExactlyOnceSupport.SUPPORTED; }

    @Override public List<Map<String, String>> taskConfigs(int max) {
        List<Map<String, String>> all = new ArrayList<>();
        for (int i = 0; i < max; i++) {
            Map<String, String> task = new HashMap<>(config);
            task.put("stub.task", String.valueOf(i));
            all.add(task);
        }
        return all;
    }
}
