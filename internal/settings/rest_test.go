package settings_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/settings"
)

const (
	keyStore   = "\nlisteners.https.ssl.keystore.type=PEM\nlisteners.https.ssl.keystore.location=/etc/me.pem"
	trustStore = "\nlisteners.https.ssl.truststore.type=PEM\nlisteners.https.ssl.truststore.location=/etc/ca.pem"
	shared     = "\nssl.keystore.type=PEM\nssl.keystore.location=/etc/me.pem\nssl.truststore.type=PEM\nssl.truststore.location=/etc/ca.pem"
	users      = "\nrest.auth.basic.users.file=/etc/users"
	gossipKey  = "\ngossip.key=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	everywhere = "listeners=https://:8443\nrest.advertised.host.name=w1.example.com"
)

func TestListenersThatOthersReach(t *testing.T) {
	for text, want := range map[string]settings.Settings{
		everywhere + keyStore + users + gossipKey: {
			Listener: "https://:8443", AdvertisedHost: "w1.example.com", Gossip: settings.Gossip{Listener: ":0"},
			REST: settings.REST{TLS: &settings.RESTTLS{TLS: settings.TLS{KeyFile: "/etc/me.pem"}, ClientAuth: "none"}},
		},
		"listeners=HTTPS://10.0.0.1:8443\nlisteners.https.ssl.client.auth=required\nrest.auth.mtls.rules=CN=a:admin" + keyStore + trustStore + gossipKey: {
			Listener: "https://10.0.0.1:8443", Gossip: settings.Gossip{Listener: "10.0.0.1:0"},
			REST: settings.REST{TLS: &settings.RESTTLS{TLS: settings.TLS{KeyFile: "/etc/me.pem", TrustFile: "/etc/ca.pem"}, ClientAuth: "required"}},
		},
		// Without listeners.https.* the ssl.* count, and are in use although the brokers have no TLS.
		"listeners=https://10.0.0.1:8443\nssl.client.auth=requested\nrest.auth.users=a:b:viewer\nrest.auth.anonymous.role=viewer" + shared + gossipKey: {
			Listener: "https://10.0.0.1:8443", Gossip: settings.Gossip{Listener: "10.0.0.1:0"},
			REST: settings.REST{TLS: &settings.RESTTLS{TLS: settings.TLS{KeyFile: "/etc/me.pem", TrustFile: "/etc/ca.pem"}, ClientAuth: "requested"}},
		},
		"listeners=https://worker-1:8443\ngossip.enabled=false\nrest.advertised.listener=HTTPS\nrest.advertised.port=443" + keyStore + users: {
			Listener: "https://worker-1:8443", AdvertisedPort: 443,
			REST: settings.REST{TLS: &settings.RESTTLS{TLS: settings.TLS{KeyFile: "/etc/me.pem"}, ClientAuth: "none"}},
		},
	} {
		s, warnings, err := settings.Parse(properties(t, text))
		if err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %v", text, warnings, err)
			continue
		}
		if s.REST.TLS == nil || *s.REST.TLS != *want.REST.TLS || s.Listener != want.Listener || s.Gossip.Listener != want.Gossip.Listener ||
			s.AdvertisedHost != want.AdvertisedHost || s.AdvertisedPort != want.AdvertisedPort || s.Security.TLS != nil {
			t.Errorf("%s: %+v", text, s)
		}
	}
}

func TestKeyBytes(t *testing.T) {
	s, _, err := settings.Parse(properties(t, gossipKey))
	if err != nil || string(s.Gossip.KeyBytes()) != "01234567890123456789012345678901" || (settings.Gossip{}).KeyBytes() != nil {
		t.Error(err)
	}
}

func TestGuardFaults(t *testing.T) {
	for _, c := range []struct{ text, property, problem, hint string }{
		{"listeners=http://10.0.0.1:8083" + gossipKey, "listeners", "both are missing", "rest.auth"},
		{"listeners=http://10.0.0.1:8083" + gossipKey + users, "listeners", "needs TLS; it is missing", "https://"},
		{"listeners=http://:8083\nrest.advertised.host.name=a" + gossipKey + users, "listeners", "needs TLS; it is missing", "https://"},
		{everywhere + keyStore + gossipKey, "listeners", "needs authentication", "rest.auth"},
		{"listeners=https://worker-1:8443" + keyStore + gossipKey, "listeners", "needs authentication", "rest.auth"},
		{"listeners=https://worker-1:8443\nrest.auth.anonymous.role=viewer" + keyStore + gossipKey, "listeners", "needs authentication", "rest.auth"},
		{everywhere + users + gossipKey, "ssl.keystore.location", "needs a certificate", "PEM"},
		{everywhere + users + gossipKey + trustStore, "listeners.https.ssl.keystore.location", "needs a certificate", "PEM"},
		{everywhere + users + gossipKey + strings.ReplaceAll(keyStore, "PEM", "JKS"), "listeners.https.ssl.keystore.type", "not supported", "PEM"},
		{everywhere + users + gossipKey + "\nlisteners.https.ssl.keystore.location=/k", "listeners.https.ssl.keystore.type", "JKS", "PEM"},
		{everywhere + users + gossipKey + "\nlisteners.https.ssl.keystore.key=c4nary", "listeners.https.ssl.keystore.certificate.chain", "need each other", "both"},
		{everywhere + keyStore + users + gossipKey + "\nlisteners.https.ssl.client.auth=required", "listeners.https.ssl.truststore.location", "client certificates", "authorities"},
		{everywhere + keyStore + users + gossipKey + "\nrest.auth.mtls.rules=CN=a:admin", "rest.auth.mtls.rules", "client certificates", "client.auth"},
		{everywhere + keyStore + users + gossipKey + "\nrest.auth.anonymous.role=operator", "rest.auth.anonymous.role", "anybody", "viewer"},
		{everywhere + keyStore + users, "gossip.key", "required", "openssl rand -base64 32"},
		{"gossip.listener=10.0.0.1:7946", "gossip.key", "required", "openssl rand -base64 32"},
		{"gossip.key=c4nary", "gossip.key", "bytes in base64", "openssl"},
		{"gossip.listener=7946", "gossip.listener", "host:port", "10.0.0.5:7946"},
		{"gossip.listener=127.0.0.1:99999", "gossip.listener", "host:port", "10.0.0.5:7946"},
		{"listeners=https://0.0.0.0:8443" + keyStore + users + gossipKey, "rest.advertised.host.name", "every interface", "certificate"},
		{"rest.advertised.host.name=http://a", "rest.advertised.host.name", "not a host", "name"},
		{"rest.advertised.host.name=a b", "rest.advertised.host.name", "not a host", "name"},
		{"rest.advertised.port=65536", "rest.advertised.port", "range", "65535"},
		{"rest.advertised.listener=https", "rest.advertised.listener", "does not have", "http"},
		{"worker.name=a/b", "worker.name", "not usable", "200"},
		{"heartbeat.interval.ms=5000", "heartbeat.interval.ms", "less than half", "3333"},
		{"session.timeout.ms=1", "session.timeout.ms", "range", "1000"},
		{"listeners=http://127.0.0.1:8083?x=1", "listeners", "form", "https"},
		{"listeners=http://127.0.0.1:70000", "listeners", "form", "https"},
	} {
		_, _, err := settings.Parse(properties(t, c.text))
		f, ok := errors.AsType[*connector.Fault](err)
		if !ok || f.Property != c.property || !strings.Contains(f.Problem, c.problem) || !strings.Contains(f.Hint, c.hint) {
			t.Errorf("%q: %v, want %s (… %s …) (… %s …)", c.text, err, c.property, c.problem, c.hint)
		}
		if err != nil && (strings.Contains(err.Error(), "c4nary") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%q: a secret, or more than one fault: %v", c.text, err)
		}
	}
}

func TestHowOthersCallThisWorker(t *testing.T) {
	for _, c := range []struct {
		s               settings.Settings
		bound, url, own string
	}{
		{settings.Settings{Listener: "http://127.0.0.1:8083"}, "127.0.0.1:8083", "http://127.0.0.1:8083", "127.0.0.1:8083"},
		{settings.Settings{Listener: "http://localhost:0"}, "127.0.0.1:4321", "http://localhost:4321", "localhost:4321"},
		{settings.Settings{Listener: "https://[::1]:0"}, "[::1]:4321", "https://[::1]:4321", "[::1]:4321"},
		{settings.Settings{Listener: "https://:8443", AdvertisedHost: "w1", WorkerName: "one"}, "[::]:8443", "https://w1:8443", "one"},
		{settings.Settings{Listener: "https://10.0.0.1:0", AdvertisedPort: 443}, "10.0.0.1:4321", "https://10.0.0.1:443", "10.0.0.1:443"},
		{settings.Settings{Listener: "https://10.0.0.1:8443", AdvertisedHost: "fd00::1"}, "", "https://[fd00::1]:8443", "[fd00::1]:8443"},
	} {
		if url, name := c.s.URL(c.bound), c.s.Name(c.bound); url != c.url || name != c.own {
			t.Errorf("%+v: %s, %s", c, url, name)
		}
	}
}
