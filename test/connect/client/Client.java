import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.sourcelab.kafka.connect.apiclient.Configuration;
import org.sourcelab.kafka.connect.apiclient.KafkaConnectClient;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorDefinition;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorPluginConfigDefinition;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorPluginConfigValidationResults;
import org.sourcelab.kafka.connect.apiclient.request.dto.ConnectorStatus;
import org.sourcelab.kafka.connect.apiclient.request.dto.NewConnectorDefinition;
import org.sourcelab.kafka.connect.apiclient.request.dto.Task;
import org.sourcelab.kafka.connect.apiclient.request.post.PostConnectorRestart;
import org.sourcelab.kafka.connect.apiclient.rest.exceptions.InvalidRequestException;
import org.sourcelab.kafka.connect.apiclient.rest.exceptions.ResourceNotFoundException;

/**
 * Drives a worker's REST API through a client library that knows Kafka Connect alone, and checks what the library made of
 * the answers. Arguments: the worker's URL, then the connector's configuration as key=value.
 */
public class Client {
    static final String NAME = "from-a-client";
    static KafkaConnectClient client;
    static Map<String, String> config = new HashMap<>();

    public static void main(String[] args) throws Exception {
        client = new KafkaConnectClient(new Configuration(args[0]).useRequestTimeoutInSeconds(30));
        for (int i = 1; i < args.length; i++) {
            String[] pair = args[i].split("=", 2);
            config.put(pair[0], pair[1]);
        }
        config.put("name", NAME);
        root();
        plugins();
        create();
        list();
        tasks();
        topics();
        update();
        lifecycle();
        restarts();
        delete();
    }

    static void root() {
        check("a version", !client.getConnectServerVersion().getVersion().isEmpty());
        check("the cluster's id", !client.getConnectServerVersion().getKafkaClusterId().isEmpty());
        same("connectors at first", List.of(), List.copyOf(client.getConnectors()));
        done("root");
    }

    static void plugins() {
        check("the plugin", client.getConnectorPlugins().stream().anyMatch(p -> p.getClassName().endsWith("HttpSourceV2") && p.getType().equals("source")));
        ConnectorPluginConfigValidationResults good = validate(config);
        same("errors of a good configuration", List.of(), faulty(good));
        same("their number", 0, good.getErrorCount());
        check("its properties", good.getConfigs().stream().anyMatch(c -> c.getDefinition().getName().equals("http.api.base.url")
            && c.getDefinition().isRequired() && c.getValue().getValue().equals(config.get("http.api.base.url"))));
        Map<String, String> bad = new HashMap<>(config);
        bad.put("api1.request.interval.ms", "soon");
        ConnectorPluginConfigValidationResults wrong = validate(bad);
        same("errors of a bad configuration", List.of("api1.request.interval.ms"), faulty(wrong));
        same("their number", 1, wrong.getErrorCount());
        done("plugins and validate");
    }

    static ConnectorPluginConfigValidationResults validate(Map<String, String> values) {
        return client.validateConnectorPluginConfig(ConnectorPluginConfigDefinition.newBuilder().withName("HttpSourceV2").withConfig(values).build());
    }

    static List<String> faulty(ConnectorPluginConfigValidationResults results) {
        return results.getConfigs().stream().filter(c -> !c.getValue().getErrors().isEmpty()).map(c -> c.getDefinition().getName()).collect(Collectors.toList());
    }

    static void create() {
        ConnectorDefinition made = client.addConnector(NewConnectorDefinition.newBuilder().withName(NAME).withConfig(config).build());
        same("the created name", NAME, made.getName());
        same("the created type", "source", made.getType());
        same("the created configuration", config, made.getConfig());
        awaitState("RUNNING", 1);
        Map<String, String> bad = new HashMap<>(config);
        bad.put("api1.request.interval.ms", "soon");
        bad.put("name", "bad");
        try {
            client.addConnector(NewConnectorDefinition.newBuilder().withName("bad").withConfig(bad).build());
            check("a bad configuration is refused", false);
        } catch (InvalidRequestException e) {
            check("the refusal names the property: " + e.getMessage(), e.getMessage().contains("api1.request.interval.ms"));
        }
        done("create");
    }

    static void list() {
        same("connectors", List.of(NAME), List.copyOf(client.getConnectors()));
        same("expanded info", config, client.getConnectorsWithExpandedInfo().getDefinitionForConnector(NAME).getConfig());
        same("expanded status", "RUNNING", client.getConnectorsWithExpandedStatus().getStatusForConnector(NAME).getConnector().get("state"));
        same("both: info", config, client.getConnectorsWithAllExpandedMetadata().getDefinitionForConnector(NAME).getConfig());
        same("both: task", "RUNNING", client.getConnectorsWithAllExpandedMetadata().getStatusForConnector(NAME).getTasks().get(0).getState());
        same("the connector", config, client.getConnector(NAME).getConfig());
        same("its task", 0, client.getConnector(NAME).getTasks().get(0).getTask());
        same("its configuration", config, client.getConnectorConfig(NAME));
        try {
            client.getConnector("nobody");
            check("an unknown connector is refused", false);
        } catch (ResourceNotFoundException e) {
            check("the refusal names it: " + e.getMessage(), e.getMessage().contains("nobody"));
        }
        done("list with expand");
    }

    static void tasks() {
        List<Task> tasks = List.copyOf(client.getConnectorTasks(NAME));
        same("tasks", 1, tasks.size());
        same("the task's connector", NAME, tasks.get(0).getId().getConnector());
        same("the task's number", 0, tasks.get(0).getId().getTask());
        same("the task's state", "RUNNING", client.getConnectorTaskStatus(NAME, 0).getState());
        check("the task's worker", client.getConnectorTaskStatus(NAME, 0).getWorkerId().contains(":"));
        done("tasks");
    }

    static void topics() {
        await("the topic it writes to", () -> client.getConnectorTopics(NAME).getTopics().equals(List.of(config.get("api1.topics"))));
        check("reset of the topics", client.resetConnectorTopics(NAME));
        await("no topic after a reset", () -> client.getConnectorTopics(NAME).getTopics().isEmpty());
        done("topics");
    }

    static void update() {
        config.put("api1.request.interval.ms", "150");
        same("the changed configuration", config, client.updateConnectorConfig(NAME, config).getConfig());
        same("the configuration after it", config, client.getConnectorConfig(NAME));
        awaitState("RUNNING", 1);
        done("config update");
    }

    static void lifecycle() {
        check("pause", client.pauseConnector(NAME));
        awaitState("PAUSED", 1);
        check("resume", client.resumeConnector(NAME));
        awaitState("RUNNING", 1);
        check("stop", client.stopConnector(NAME));
        awaitState("STOPPED", 0);
        check("resume", client.resumeConnector(NAME));
        awaitState("RUNNING", 1);
        done("pause, resume, stop");
    }

    static void restarts() {
        check("restart", client.restartConnector(NAME));
        awaitState("RUNNING", 1);
        check("restart with tasks", client.restartConnector(new PostConnectorRestart(NAME).withIncludeTasks(true).withOnlyFailed(false)));
        awaitState("RUNNING", 1);
        check("restart of a task", client.restartConnectorTask(NAME, 0));
        awaitState("RUNNING", 1);
        done("restart");
    }

    static void delete() {
        check("delete", client.deleteConnector(NAME));
        await("the connector to be gone", () -> client.getConnectors().isEmpty());
        done("delete");
    }

    static void awaitState(String want, int tasks) {
        await("the state " + want, () -> {
            ConnectorStatus s = client.getConnectorStatus(NAME);
            return s.getConnector().get("state").equals(want) && s.getTasks().size() == tasks
                && s.getTasks().stream().allMatch(t -> t.getState().equals(want));
        });
    }

    static void await(String what, BooleanSupplier ok) {
        for (long end = System.nanoTime() + 30_000_000_000L; !ok.getAsBoolean();) {
            check(what + " within 30 s: " + client.getConnectorsWithExpandedStatus(), System.nanoTime() < end);
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    static void same(String what, Object want, Object got) {
        check(what + ": " + got + ", want " + want, Objects.equals(want, got));
    }

    static void check(String what, boolean ok) {
        if (!ok) {
            System.out.println("FAILED " + what);
            System.exit(1);
        }
    }

    static void done(String part) { System.out.println("done " + part); }
}
