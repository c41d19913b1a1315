package io.confluent.connect.http.source;

import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/**
 * What a real Kafka Connect worker runs under the task class that our task records name. The first task looks up the
 * offset that is stored for the first API, writes one record that says what it found, with the same offset, and then
 * nothing more; the others do nothing.
 */
public class GenericHttpSourceTask extends SourceTask {
    private Map<String, String> config;
    private boolean done;

    @Override public void stop() { }
    @Override public String version() { return "stub"; }

    @Override public void start(Map<String, String> config) {
        this.config = config;
        this.done = !"0".equals(config.get("stub.task"));
    }

    @Override public List<SourceRecord> poll() throws InterruptedException {
        if (done) {
            Thread.sleep(50);
            return null;
        }
        done = true;
        Map<String, Object> partition = Map.of("url", config.get("http.api.base.url") + config.get("api1.http.api.path"));
        Map<String, Object> offset = context.offsetStorageReader().offset(partition);
        return List.of(new SourceRecord(partition, offset, config.get("api1.topics") + "-stub", null, Schema.STRING_SCHEMA, String.valueOf(offset)));
    }
}
