// Package settings says how a worker runs: the properties of a Kafka Connect worker under the names that Kafka Connect
// gives them, so that a connect-distributed.properties file loads as it is.
package settings

import (
	"net/netip"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/reference"
)

// Settings are a worker's properties, checked. Every field has a value.
type Settings struct {
	// Bootstrap are brokers to ask first, as host:port (bootstrap.servers). Defaults to localhost:9092.
	Bootstrap []string
	// ClientID is client.id. Defaults to headwater.
	ClientID string
	// GroupID is the cluster's name: workers with the same one share their work (group.id). Defaults to headwater.
	GroupID string
	// Config, Offsets and Status are the cluster's topics (*.storage.topic, *.storage.partitions and
	// *.storage.replication.factor). Default to connect-configs, connect-offsets and connect-status.
	Config, Offsets, Status Topic
	// WorkerName is what this worker is called in the cluster (worker.name). Empty: its advertised host:port, see Name.
	WorkerName string
	// WorkDir is where the items of work queues are kept as long as the worker runs (work.dir). Empty: the system's folder
	// for temporary files.
	WorkDir string
	// Listener is where the REST API is, as http://host:port or https://host:port (listeners); no host means every
	// interface. Defaults to http://127.0.0.1:8083.
	Listener string
	// AdvertisedHost and AdvertisedPort are how other workers reach the REST API (rest.advertised.host.name and
	// rest.advertised.port). Empty and 0: as Listener is bound, see URL.
	AdvertisedHost string
	AdvertisedPort int
	// REST says who may call the REST API, and how it is encrypted.
	REST REST
	// SessionTimeout is when a silent worker counts as lost (session.timeout.ms). Defaults to 10 s.
	SessionTimeout time.Duration
	// HeartbeatInterval is how often a worker gives a sign of life (heartbeat.interval.ms). Defaults to 3 s; always less
	// than half of SessionTimeout.
	HeartbeatInterval time.Duration
	// RebalanceTimeout is how long joining the group may take (rebalance.timeout.ms). Defaults to 60 s.
	RebalanceTimeout time.Duration
	// DrainTimeout is how long SIGTERM waits for tasks to move to other workers (drain.timeout.ms). Defaults to 30 s; 0
	// waits for none.
	DrainTimeout time.Duration
	// Gossip is how workers notice early that one is gone.
	Gossip Gossip
	// TopicTracking says whether the topics that connectors write to are recorded (topic.tracking.enable), and
	// TopicTrackingReset whether that record can be reset (topic.tracking.allow.reset). Both default to true.
	TopicTracking, TopicTrackingReset bool
	// ExactlyOnce is exactly.once.source.support. Unlike in Kafka Connect it is on when the property is absent.
	ExactlyOnce bool
	// TransactionTimeout is how long the brokers wait for an open transaction (transaction.timeout.ms). Defaults to 10 s.
	TransactionTimeout time.Duration
	// ShutdownTimeout is how long tasks have for their last commit (task.shutdown.graceful.timeout.ms). Defaults to 5 s.
	ShutdownTimeout time.Duration
	// Security is how to connect to the brokers.
	Security Security
	// Providers resolve ${provider:path:key} in connectors' and the worker's own properties (config.providers).
	Providers []reference.Provider
	// Egress says which addresses connectors may ask.
	Egress Egress
}

// Topic is one of the cluster's own topics.
type Topic struct {
	Name        string
	Partitions  int32 // -1: the brokers' default
	Replication int16 // -1: the brokers' default. Defaults to 3
}

// Security is security.protocol and what belongs to it.
type Security struct {
	TLS  *TLS  // nil: none
	SASL *SASL // nil: none
}

// SASL is who the worker is towards the brokers.
type SASL struct {
	Mechanism string // sasl.mechanism: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
	User      string // of sasl.jaas.config
	Password  connector.Secret
}

// TLS names certificates in PEM form. Server names are always verified.
type TLS struct {
	TrustFile string // ssl.truststore.location; empty, and so TrustPEM: the system's authorities
	TrustPEM  string // ssl.truststore.certificates
	KeyFile   string // ssl.keystore.location: certificate chain and key in one file; empty, and so KeyPEM: no client certificate
	ChainPEM  string // ssl.keystore.certificate.chain
	KeyPEM    connector.Secret
}

// Egress is the worker's policy about addresses.
type Egress struct {
	// Strict refuses loopback, private and special addresses (egress.profile=strict). Defaults to false: only link-local and
	// cloud metadata addresses are refused.
	Strict bool
	// Allowed are ranges that Strict lets pass (egress.allowed.ranges).
	Allowed []netip.Prefix
}
