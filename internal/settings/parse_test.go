package settings_test

import (
	"errors"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/document"
	"github.com/headwater/headwater/internal/connector/reference"
	"github.com/headwater/headwater/internal/settings"
)

func properties(t *testing.T, text string) map[string]string {
	t.Helper()
	p, _, err := document.Properties([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestDefaults(t *testing.T) {
	s, warnings, err := settings.Parse(nil)
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	if want := (settings.Settings{
		Bootstrap: []string{"localhost:9092"}, ClientID: "headwater", GroupID: "headwater",
		Config:   settings.Topic{Name: "connect-configs", Partitions: 1, Replication: 3},
		Offsets:  settings.Topic{Name: "connect-offsets", Partitions: 25, Replication: 3},
		Status:   settings.Topic{Name: "connect-status", Partitions: 5, Replication: 3},
		Listener: "http://127.0.0.1:8083", ExactlyOnce: true, TransactionTimeout: 10 * time.Second, ShutdownTimeout: 5 * time.Second,
		SessionTimeout: 10 * time.Second, HeartbeatInterval: 3 * time.Second, RebalanceTimeout: time.Minute, DrainTimeout: 30 * time.Second,
		Gossip: settings.Gossip{Enabled: true, Listener: "127.0.0.1:0"}, TopicTracking: true, TopicTrackingReset: true,
		REST: settings.REST{Auth: settings.Auth{Anonymous: "none"}},
	}); !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v\nwant %+v", s, want)
	}
}

// A file as clusters of Kafka Connect have it loads without fault.
func TestConnectDistributed(t *testing.T) {
	data, err := os.ReadFile("testdata/connect-distributed.properties")
	if err != nil {
		t.Fatal(err)
	}
	s, warnings, err := settings.Parse(properties(t, string(data)))
	if err != nil {
		t.Fatal(err)
	}
	if s.GroupID != "connect-cluster" || s.Offsets.Replication != 1 || s.Listener != "http://127.0.0.1:8083" || !s.ExactlyOnce {
		t.Errorf("%+v", s)
	}
	var got []string
	for _, w := range warnings {
		got = append(got, w.Property)
	}
	if want := []string{"listeners", "producer.compression.type"}; !slices.Equal(got, want) {
		t.Errorf("warnings of %q, want %q", got, want)
	}
}

func TestValues(t *testing.T) {
	s, warnings, err := settings.Parse(properties(t, `
bootstrap.servers=a:1, SASL_SSL://b.example.com:9093,[::1]:9092
exactly.once.source.support=disabled
offset.storage.partitions=-1
status.storage.replication.factor=-1
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
  username="al\\"ice" password='p;w=d' ;
ssl.truststore.type=PEM
ssl.truststore.location=/etc/ca.pem
ssl.keystore.type=pem
ssl.keystore.location=/etc/me.pem
listeners=HTTP://localhost:0
egress.profile=STRICT
egress.allowed.ranges=10.1.2.3/16,192.0.2.7,::1
config.providers=file,environment,secrets
config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider
config.providers.file.param.allowed.paths=/etc/a, /etc/b
config.providers.environment.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider
config.providers.environment.param.allowlist.pattern=HW_.*
config.providers.secrets.class=org.apache.kafka.common.config.provider.DirectoryConfigProvider
config.providers.secrets.param.allowed.paths=/run/secrets
`))
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	if !slices.Equal(s.Bootstrap, []string{"a:1", "b.example.com:9093", "[::1]:9092"}) || s.ExactlyOnce || s.Offsets.Partitions != -1 || s.Status.Replication != -1 {
		t.Errorf("%+v", s)
	}
	if sasl := s.Security.SASL; sasl == nil || sasl.Mechanism != "SCRAM-SHA-512" || sasl.User != `al"ice` || sasl.Password.Reveal() != "p;w=d" {
		t.Errorf("%+v", sasl)
	}
	if tls := s.Security.TLS; tls == nil || tls.TrustFile != "/etc/ca.pem" || tls.KeyFile != "/etc/me.pem" {
		t.Errorf("%+v", tls)
	}
	if s.Listener != "http://localhost:0" || !s.Egress.Strict || !slices.Contains(s.Egress.Allowed, netip.MustParsePrefix("10.1.0.0/16")) || len(s.Egress.Allowed) != 3 {
		t.Errorf("%+v", s)
	}
	if want := []reference.Provider{
		{Name: "file", Kind: reference.File, Paths: []string{"/etc/a", "/etc/b"}},
		{Name: "environment", Kind: reference.Environment, Names: "HW_.*"},
		{Name: "secrets", Kind: reference.Directory, Paths: []string{"/run/secrets"}},
	}; !reflect.DeepEqual(s.Providers, want) {
		t.Errorf("%+v", s.Providers)
	}
}

const scram = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\n" +
	"sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"u\" password=\"c4nary\";\n"

// One fault each: the property it must name, the value it must show, a word of its hint.
var faultCases = []struct{ text, property, value, hint string }{
	{"bootstrap.servers=broker", "bootstrap.servers", "broker", "host:port"},
	{"bootstrap.servers=broker:99999", "bootstrap.servers", "broker:99999", "host:port"},
	{"bootstrap.servers=,", "bootstrap.servers", ",", "host:port"},
	{"group.id=a b", "group.id", "a b", "200"},
	{"config.storage.topic=a/b", "config.storage.topic", "a/b", "249"},
	{"config.storage.topic=connect-status", "status.storage.topic", "", "its own topic"},
	{"offset.storage.partitions=0", "offset.storage.partitions", "0", "-1"},
	{"config.storage.replication.factor=-2", "config.storage.replication.factor", "-2", "-1"},
	{"listeners=http://a:1,http://b:2", "listeners", "http://a:1,http://b:2", "127.0.0.1"},
	{"listeners=localhost:8083", "listeners", "localhost:8083", "127.0.0.1"},
	{"exactly.once.source.support=maybe", "exactly.once.source.support", "maybe", "preparing"},
	{"transaction.timeout.ms=10", "transaction.timeout.ms", "10", "900000"},
	{"producer.transaction.timeout.ms=x", "producer.transaction.timeout.ms", "x", "900000"},
	{"security.protocol=TLS", "security.protocol", "TLS", "SASL_SSL"},
	{"security.protocol=SASL_SSL\nsasl.jaas.config=x", "sasl.mechanism", "", "SCRAM-SHA-256"},
	{scram + "sasl.mechanism=GSSAPI", "sasl.mechanism", "GSSAPI", "PLAIN"},
	{scram + "sasl.jaas.config=", "sasl.jaas.config", "", "username"},
	{scram + "sasl.jaas.config=c4nary", "sasl.jaas.config", "***", "ScramLoginModule"},
	{scram + "sasl.mechanism=PLAIN", "sasl.jaas.config", "***", "PlainLoginModule"},
	{"security.protocol=SSL\nssl.truststore.location=/t.jks", "ssl.truststore.type", "", "PEM"},
	{"security.protocol=SSL\nssl.truststore.location=/t.jks\nssl.truststore.type=JKS", "ssl.truststore.type", "JKS", "PEM"},
	{"security.protocol=SSL\nssl.keystore.location=/k\nssl.keystore.type=PKCS12", "ssl.keystore.type", "PKCS12", "PEM"},
	{"security.protocol=SSL\nssl.keystore.key=c4nary", "ssl.keystore.certificate.chain", "", "both"},
	{"ssl.key.password=c4nary", "ssl.key.password", "***", "unencrypted"},
	{"ssl.endpoint.identification.algorithm=", "ssl.endpoint.identification.algorithm", "", "always verified"},
	{"egress.profile=open", "egress.profile", "open", "strict"},
	{"egress.allowed.ranges=10.0.0.0/33", "egress.allowed.ranges", "10.0.0.0/33", "10.1.0.0/16"},
	{"config.providers=vault", "config.providers.vault.class", "", "FileConfigProvider"},
	{"config.providers=file\nconfig.providers.file.class=a.B", "config.providers.file.class", "a.B", "FileConfigProvider"},
	{"config.providers=file", "config.providers.file.param.allowed.paths", "", "directories"},
	{"config.providers=file\nconfig.providers.file.param.allowed.paths=etc", "config.providers.file.param.allowed.paths", "etc", "/"},
	{"config.providers=env\nconfig.providers.env.param.allowlist.pattern=(", "config.providers.env.param.allowlist.pattern", "(", "HEADWATER_"},
}

func TestEveryFaultNamesPropertyValueAndHint(t *testing.T) {
	for _, c := range faultCases {
		_, _, err := settings.Parse(properties(t, c.text))
		f, ok := errors.AsType[*connector.Fault](err)
		if !ok {
			t.Errorf("%q: no fault", c.text)
			continue
		}
		if f.Property != c.property || f.Value != c.value || !strings.Contains(f.Hint, c.hint) || f.Problem == "" {
			t.Errorf("%q: %+v, want %s=%q (… %s …)", c.text, f, c.property, c.value, c.hint)
		}
		if strings.Contains(err.Error(), "c4nary") {
			t.Errorf("%q: the secret shows: %v", c.text, err)
		}
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, _, err := settings.Parse(properties(t, "group.id=a b\nlisteners=x\negress.profile=y\nconfig.providers=z"))
	if n := strings.Count(err.Error(), "\n") + 1; n != 4 {
		t.Errorf("%d faults: %v", n, err)
	}
}

func TestWarnings(t *testing.T) {
	for text, want := range map[string]string{
		"group.di=x":                                  "group.di",
		"exactly.once.source.support=preparing":       "",
		"sasl.mechanism=PLAIN":                        "sasl.mechanism",
		"config.providers=env":                        "config.providers.env.param.allowlist.pattern",
		"config.providers.vault.class=x":              "config.providers.vault.class",
		"scheduled.rebalance.max.delay.ms=1":          "scheduled.rebalance.max.delay.ms",
		"inter.worker.key.ttl.ms=1":                   "inter.worker.key.ttl.ms",
		"heartbeat.interval.ms=4000":                  "heartbeat.interval.ms",
		"listeners.https.ssl.client.auth=none":        "listeners.https.ssl.client.auth",
		"consumer.max.poll.records=1":                 "consumer.max.poll.records",
		"ssl.cipher.suites=x":                         "ssl.cipher.suites",
		"value.converter.schemas.enable=true":         "",
		"plugin.path=/usr":                            "",
		"listeners=http://:8083":                      "listeners",
		"producer.sasl.jaas.config=x password=\"p\";": "producer.sasl.jaas.config",
	} {
		_, warnings, err := settings.Parse(properties(t, text))
		got := ""
		for _, w := range warnings {
			got += w.Property
		}
		if err != nil || got != want {
			t.Errorf("%q: warnings %v, want %q; %v", text, warnings, want, err)
		}
	}
}

func TestParseProvidersLooksAtNothingElse(t *testing.T) {
	list, err := settings.ParseProviders(properties(t, "config.providers=env\ngroup.id=${env:GROUP}\nlisteners=nonsense"))
	if err != nil || len(list) != 1 || list[0].Kind != reference.Environment {
		t.Error(list, err)
	}
}

// Whatever the text: no panic, and every fault names a property and a hint.
func FuzzParse(f *testing.F) {
	for _, c := range faultCases {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, _, err := document.Properties([]byte(text))
		if err != nil {
			return
		}
		_, _, err = settings.Parse(p)
		if err == nil {
			return
		}
		if fault, ok := errors.AsType[*connector.Fault](err); !ok || fault.Property == "" || fault.Problem == "" || fault.Hint == "" {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
