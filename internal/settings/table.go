package settings

import (
	"slices"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/property"
)

type (
	field   = property.Field[draft]
	row     = property.Row
	choices = []property.Choice
)

// draft is Settings on the way: what is stored as it was written.
type draft struct {
	Settings
	exactlyOnce          uint8
	tls, sasl            bool
	mechanism            string
	jaas                 connector.Secret
	trust                TLS
	bootstrap, listeners string
	providers            string
}

var table = slices.Concat(clusterTable, topicTable, restTable, securityTable, secretTable, egressTable, connectTable)

// Properties returns the rows of all worker properties.
func Properties() []property.Row { return property.Rows(table) }

const (
	groupCluster  = "Cluster"
	groupTopics   = "Topics"
	groupREST     = "REST API"
	groupSecurity = "Connection to Kafka"
	groupSecrets  = "Config providers"
	groupEgress   = "Egress"
	groupConnect  = "Kafka Connect's other properties"
)

var clusterTable = []field{
	text("bootstrap.servers", groupCluster, "localhost:9092", "Brokers to ask first, as `host:port`, separated by commas.",
		func(d *draft) *string { return &d.bootstrap }),
	{Row: row{
		Name: "group.id", Default: "headwater", Group: groupCluster, Valid: validGroup,
		Doc: "The cluster's name. Workers with the same one share their work; it is part of transactional ids.",
	}, Set: setGroup},
	text("client.id", groupCluster, "headwater", "Name of the worker's clients in the brokers' logs and quotas.",
		func(d *draft) *string { return &d.ClientID }),
	{Row: row{
		Name: "exactly.once.source.support", Default: "enabled", Group: groupCluster,
		Choices: choices{{Name: "enabled"}, {Name: "preparing"}, {Name: "disabled"}},
		Doc:     "Whether records and offsets are committed together. `preparing` counts as `enabled`, `disabled` gives at least once.",
	}, Set: property.Pick(func(d *draft) *uint8 { return &d.exactlyOnce })},
	millis("transaction.timeout.ms", groupCluster, "10000", 1000, 900000, "How long brokers wait for an open transaction before they abort it.",
		func(d *draft) *time.Duration { return &d.TransactionTimeout }, "producer.transaction.timeout.ms"),
	millis("task.shutdown.graceful.timeout.ms", groupCluster, "5000", 0, 600000, "How long tasks have for their last commit when the worker stops.",
		func(d *draft) *time.Duration { return &d.ShutdownTimeout }),
}

var topicTable = []field{
	topic("config.storage.topic", "connect-configs", "Compacted topic of connector configurations; it has one partition.", func(d *draft) *Topic { return &d.Config }),
	replication("config.storage.replication.factor", func(d *draft) *Topic { return &d.Config }),
	topic("offset.storage.topic", "connect-offsets", "Compacted topic of source offsets.", func(d *draft) *Topic { return &d.Offsets }),
	partitions("offset.storage.partitions", "25", func(d *draft) *Topic { return &d.Offsets }),
	replication("offset.storage.replication.factor", func(d *draft) *Topic { return &d.Offsets }),
	topic("status.storage.topic", "connect-status", "Compacted topic of states, for eyes.", func(d *draft) *Topic { return &d.Status }),
	partitions("status.storage.partitions", "5", func(d *draft) *Topic { return &d.Status }),
	replication("status.storage.replication.factor", func(d *draft) *Topic { return &d.Status }),
}

var restTable = []field{
	text("listeners", groupREST, "http://127.0.0.1:8083", "Where the REST API is. It binds to loopback until it can have TLS and authentication; no host means 127.0.0.1.",
		func(d *draft) *string { return &d.listeners }),
	unused("rest.advertised.host.name", groupREST, property.String, "Host that other workers use.", oneWorker),
	unused("rest.advertised.port", groupREST, property.Int, "Port that other workers use.", oneWorker),
	unused("rest.advertised.listener", groupREST, property.String, "Listener that other workers use.", oneWorker),
	unused("admin.listeners", groupREST, property.List, "Listeners of the admin calls.", "there is one listener"),
	silent("rest.extension.classes", groupREST, "Java classes that extend the REST API."),
	unused("access.control.allow.origin", groupREST, property.String, "Origins that browsers may call from.", "no other origin may call"),
	unused("access.control.allow.methods", groupREST, property.String, "Methods that browsers may call.", "no other origin may call"),
	unused("response.http.headers.config", groupREST, property.String, "Headers of the REST API's answers.", "answers have no such headers"),
}

const oneWorker = "workers do not forward calls to each other yet"

var egressTable = []field{
	{
		Row: row{
			Name: "egress.profile", Default: "default", Choices: choices{{Name: "default"}, {Name: "strict"}}, Group: groupEgress,
			Doc: "`strict` is for clusters whose connector authors are not trusted: loopback, private and special addresses are refused too.",
		},
		Set: func(d *draft, v property.Value) error { d.Egress.Strict = v.Choice == 1; return nil },
	},
	{Row: row{
		Name: "egress.allowed.ranges", Type: property.List, Group: groupEgress, Needs: "egress.profile=strict",
		Valid: "CIDR ranges and addresses, separated by commas", Doc: "Ranges that `strict` lets pass, as `10.1.0.0/16`.",
	}, Set: setRanges},
}
