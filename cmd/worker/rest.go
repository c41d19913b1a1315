package main

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/headwater/headwater/cmd/worker/view"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/api/access"
	"github.com/headwater/headwater/internal/api/forward"
	"github.com/headwater/headwater/internal/api/listener"
	"github.com/headwater/headwater/internal/api/validate"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/offsets"
)

// listener checks who may call and how, and says where to listen.
func (m *member) listener() (listener.Listener, error) {
	s := m.options.settings
	anonymous, _ := access.ParseRole(s.REST.Auth.Anonymous)
	var err error
	m.access, err = access.New(access.Config{
		Users: s.REST.Auth.Users, UsersFile: s.REST.Auth.UsersFile, Tokens: s.REST.Auth.Tokens, TokensFile: s.REST.Auth.TokensFile,
		Rules: s.REST.Auth.Rules, Anonymous: anonymous,
	})
	if err != nil {
		return listener.Listener{}, &inputError{err}
	}
	if t := s.REST.TLS; t != nil {
		m.https = &listener.TLS{
			KeyFile: t.KeyFile, ChainPEM: t.ChainPEM, KeyPEM: t.KeyPEM, TrustFile: t.TrustFile, TrustPEM: t.TrustPEM, ClientAuth: t.ClientAuth,
		}
	}
	return listener.New(listener.Config{Listener: s.Listener, TLS: m.https, Guarded: m.access.Guards()})
}

// rest makes the REST API and answers.
func (m *member) rest(ctx context.Context) (err error) {
	if m.server, err = api.New(m.apiOptions(m.cluster.ID(ctx))); err != nil {
		return err
	}
	if err := m.server.Start(ctx); err != nil {
		return err
	}
	m.onStop(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = m.server.Stop(ctx)
	})
	return nil
}

func (m *member) apiOptions(cluster string) api.Options {
	s, v := m.options.settings, m.view()
	o := api.Options{
		Listener: s.Listener, TLS: m.https, Opened: m.bound, Names: m.names(), Version: Version,
		ClusterOptions: api.ClusterOptions{Cluster: v, Assigner: v, Self: v, Queues: v, Amender: v},
		Reader:         v, Writer: v, Lifecycle: v, Offsets: v, Alterer: v, CheckOffsets: v.CheckOffsets, KeepTopics: !s.TopicTrackingReset,
		Loggers: m.loggers, Voucher: voucher{m.forward}, Forward: m.forward,
		Validator: validate.Connector{Parse: func(config map[string]string) error { _, _, err := m.check(config); return err }},
		Mask:      connector.Mask, Metrics: promhttp.HandlerFor(m.metrics, promhttp.HandlerOpts{}), Log: m.log,
		ClusterID: func() string { return cluster },
		Plugins: []api.Plugin{{
			Class: "HttpSourceV2", Type: "source", Version: Version,
			Aliases: []string{"io.confluent.connect.http.source.GenericHttpSourceConnector"},
		}},
		Health: m.health,
	}
	if m.access.Guards() {
		o.Guard = m.access
	}
	if s.TopicTracking {
		o.Topics = v
	}
	return o
}

// view is what the REST API sees.
func (m *member) view() view.View {
	return view.View{
		Self: m.self, GroupID: m.options.settings.GroupID, OffsetsTopic: m.options.settings.Offsets.Name,
		Herder: m.herder, Board: m.board, Part: m.part.Load(), Roll: roll{m.group.Load()}, Gossip: m.gossip,
		Running: m.running, Report: m.report, Forward: m.forward, Store: offsets.Store{Table: m.offsets}, Parse: m.parse,
		Queues: m.queueDoor(),
	}
}

// health is whether this worker can take part: it knows what stands in the topics, and the group hears it.
func (m *member) health(context.Context) (api.Stage, error) {
	if p := m.part.Load(); p != nil && p.Silent() && m.stage.Load().Ready {
		return api.Stage{Detail: "no contact with the group " + m.options.settings.GroupID + " in Kafka; its tasks are stopped"}, nil
	}
	return *m.stage.Load(), nil
}

// names are what callers may call this worker besides the host that it listens on.
func (m *member) names() []string {
	u, err := url.Parse(m.self.GetUrl())
	if err != nil {
		return nil
	}
	return []string{u.Hostname()}
}

func (m *member) leaderURL() (address string, self, known bool) {
	_, address, self, known = m.board.Leader()
	return address, self, known
}

// clientTLS is how this worker calls the others; nil: in plain.
func (m *member) clientTLS() func() (*tls.Config, error) {
	if m.https == nil {
		return nil
	}
	return m.https.Client
}

// forwarder sends calls on to the leader.
func (m *member) forwarder() {
	m.forward = &forward.Forwarder{
		Leader: m.leaderURL, Key: m.herder.SessionKey, URL: func() string { return m.self.GetUrl() },
		Role:   func(r *http.Request) string { c, _ := m.access.Caller(r); return c.Role.String() },
		Client: forward.NewClient(m.clientTLS()),
	}
	m.onStop(m.forward.Client.CloseIdleConnections)
}

// voucher lets calls in that another worker has admitted and signed.
type voucher struct{ forward *forward.Forwarder }

// Vouched implements api.Voucher.
func (v voucher) Vouched(r *http.Request) bool { return r.Header.Get(forward.Header) != "" }

// Vouch implements api.Voucher.
func (v voucher) Vouch(r *http.Request, body []byte) (*http.Request, error) {
	name, signed, err := v.forward.Verify(r, body)
	if err != nil || !signed {
		return r, err
	}
	role, _ := access.ParseRole(name)
	return access.As(r, access.Caller{Name: "a worker", Role: role}), nil
}
