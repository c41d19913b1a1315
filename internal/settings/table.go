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
	https                store
	clientAuth           string // ssl.client.auth
	advertisedScheme     string
}

var table = slices.Concat(clusterTable, topicTable, gossipTable, restTable, authTable, httpsTable, securityTable, secretTable, egressTable, connectTable)

// Properties returns the rows of all worker properties.
func Properties() []property.Row { return property.Rows(table) }

const (
	groupCluster  = "Cluster"
	groupTopics   = "Topics"
	groupGossip   = "Gossip"
	groupREST     = "REST API"
	groupAuth     = "Callers of the REST API"
	groupHTTPS    = "TLS of the REST API"
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
	{Row: row{
		Name: "worker.name", Group: groupCluster, Valid: validWorker,
		Doc: "What this worker is called; no other of the cluster may have the name. Absent: the host and port it advertises.",
	}, Set: setWorkerName},
	text("work.dir", groupCluster, "", "Folder for what can be thrown away at any time: the work items of API chaining, about 1 KB each. Absent: the system's folder for temporary files.",
		func(d *draft) *string { return &d.WorkDir }),
	millis("session.timeout.ms", groupCluster, "10000", 1000, 1800000, "When a silent worker counts as lost, and when it stops by itself. Brokers allow 6000 and more as a rule.",
		func(d *draft) *time.Duration { return &d.SessionTimeout }),
	millis("heartbeat.interval.ms", groupCluster, "3000", 100, 600000, "How often a worker gives a sign of life: less than half of session.timeout.ms, better a third.",
		func(d *draft) *time.Duration { return &d.HeartbeatInterval }),
	millis("rebalance.timeout.ms", groupCluster, "60000", 1000, 3600000, "How long joining the group may take.",
		func(d *draft) *time.Duration { return &d.RebalanceTimeout }),
	millis("drain.timeout.ms", groupCluster, "30000", 0, 600000, "How long SIGTERM waits for this worker's tasks to move to others; 0 does not wait.",
		func(d *draft) *time.Duration { return &d.DrainTimeout }),
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
	flag("topic.tracking.enable", groupTopics, "true", "Whether the topics that connectors write to are recorded.", func(d *draft) *bool { return &d.TopicTracking }),
	flag("topic.tracking.allow.reset", groupTopics, "true", "Whether that record can be reset.", func(d *draft) *bool { return &d.TopicTrackingReset }),
}

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
