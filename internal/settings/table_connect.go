package settings

import "github.com/headwater/headwater/internal/connector/property"

const (
	oneClient   = "all clients of the worker go by its own settings"
	ownDefaults = "the worker's Kafka clients have their own"
	atOnce      = "a lost worker's tasks move at once, and one that comes back takes back nothing by force"
	ownViews    = "every worker reads the cluster's topics all the time, and takes a task only by what it has read"
	oneProtocol = "workers have one protocol of their own, and calls between them are always signed with HmacSHA256"
)

// connectTable is what Kafka Connect's worker has besides.
var connectTable = []field{
	silent("key.converter", groupConnect, "Class that writes keys; a connector's `output.data.format` decides."),
	silent("value.converter", groupConnect, "Class that writes values; a connector's `output.data.format` decides."),
	silent("header.converter", groupConnect, "Class that writes headers."),
	silent("key.converter.*", groupConnect, "Properties of that class."),
	silent("value.converter.*", groupConnect, "Properties of that class."),
	silent("header.converter.*", groupConnect, "Properties of that class."),
	silent("internal.key.converter", groupConnect, "Class of older releases."),
	silent("internal.value.converter", groupConnect, "Class of older releases."),
	silent("internal.key.converter.*", groupConnect, "Properties of that class."),
	silent("internal.value.converter.*", groupConnect, "Properties of that class."),
	silent("plugin.path", groupConnect, "Where Java plugins are; this worker has its own connector built in."),
	silent("plugin.discovery", groupConnect, "How Java plugins are found."),
	silent("offset.flush.interval.ms", groupConnect, "How often offsets are written; they are committed with each page."),
	silent("offset.flush.timeout.ms", groupConnect, "How long that may take."),
	silent("metrics.*", groupConnect, "Sampling of Java metrics."),
	silent("metric.reporters", groupConnect, "Java classes that report metrics."),
	silent("auto.include.jmx.reporter", groupConnect, "JMX."),
	unused("worker.sync.timeout.ms", groupConnect, property.Int, "How long a worker may lag behind.", ownViews),
	unused("worker.unsync.backoff.ms", groupConnect, property.Int, "How long it then stays away.", ownViews),
	unused("scheduled.rebalance.max.delay.ms", groupConnect, property.Int, "How long a lost worker's tasks wait for it.", atOnce),
	unused("connect.protocol", groupConnect, property.String, "Protocol of the group.", oneProtocol),
	unused("inter.worker.*", groupConnect, property.String, "Keys and signatures between workers.", oneProtocol),
	unused("connector.client.config.override.policy", groupConnect, property.String, "What connectors may override.", "connectors override nothing but the compression"),
	unused("connector.client.config.override.allowlist", groupConnect, property.List, "What connectors may override.", "connectors override nothing but the compression"),
	unused("topic.creation.enable", groupConnect, property.Boolean, "Whether connectors' topics are created.", "see the topics page"),
	unused("internal.topics.automatic.creation.enable", groupConnect, property.Boolean, "Whether the cluster's topics are created.", "they are created when absent"),
	unused("config.storage.*", groupConnect, property.String, "Settings of that topic.", "it is created with the settings it needs"),
	unused("offset.storage.*", groupConnect, property.String, "Settings of that topic.", "it is created with the settings it needs"),
	unused("status.storage.*", groupConnect, property.String, "Settings of that topic.", "it is created with the settings it needs"),
	unused("request.timeout.ms", groupConnect, property.Int, "How long brokers have for an answer.", ownDefaults),
	unused("retry.backoff.ms", groupConnect, property.Long, "Wait before a retry.", ownDefaults),
	unused("retry.backoff.max.ms", groupConnect, property.Long, "Longest wait before a retry.", ownDefaults),
	unused("reconnect.backoff.ms", groupConnect, property.Long, "Wait before connecting again.", ownDefaults),
	unused("reconnect.backoff.max.ms", groupConnect, property.Long, "Longest wait before connecting again.", ownDefaults),
	unused("connections.max.idle.ms", groupConnect, property.Long, "When idle connections are closed.", ownDefaults),
	unused("metadata.*", groupConnect, property.String, "Age and recovery of metadata.", ownDefaults),
	unused("socket.connection.*", groupConnect, property.String, "Set-up of connections.", ownDefaults),
	unused("client.dns.lookup", groupConnect, property.String, "How names are looked up.", ownDefaults),
	unused("send.buffer.bytes", groupConnect, property.Int, "Buffer of a socket.", ownDefaults),
	unused("receive.buffer.bytes", groupConnect, property.Int, "Buffer of a socket.", ownDefaults),
	unused("ssl.protocol", groupConnect, property.String, "TLS version.", "TLS 1.2 and newer are used"),
	unused("ssl.enabled.protocols", groupConnect, property.List, "TLS versions.", "TLS 1.2 and newer are used"),
	unused("ssl.*", groupConnect, property.String, "Other settings of Java's TLS.", "Go's own TLS is used"),
	unused("sasl.*", groupConnect, property.String, "Other settings of SASL.", "the mechanisms at hand need none"),
	unused("producer.*", groupConnect, property.String, "Settings of producers.", oneClient),
	unused("consumer.*", groupConnect, property.String, "Settings of consumers.", oneClient),
	unused("admin.*", groupConnect, property.String, "Settings of admin clients.", oneClient),
	unused("listeners.https.*", groupConnect, property.String, "Other settings of Java's TLS.", "Go's own TLS is used"),
}

// unused is a property that is taken with a warning when it is set.
func unused(name, group string, t property.Type, doc, why string) field {
	return field{Row: row{
		Name: name, Type: t, Importance: property.Low, Group: group, Doc: doc, Status: property.Accepted, Why: why,
	}}
}

// silent is a property that every worker file has and that says nothing here.
func silent(name, group, doc string) field {
	return field{Row: row{Name: name, Importance: property.Low, Group: group, Doc: doc, Status: property.NoOp}}
}
