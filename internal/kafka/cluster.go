// Package kafka is the door to the broker and the only room that imports franz-go.
//
// A Transactor commits under one transactional id, a Producer does so without transactions; a Table tails a compacted topic,
// a Reader single partitions of one; a Group tells who lives, Lanes spreads partitions over workers; an Admin creates and
// checks topics. Every error is a *fault.Error that says whether it can heal.
package kafka

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/headwater/headwater/internal/fault"
)

// Config is how to reach the broker.
type Config struct {
	Seeds    []string // bootstrap.servers
	ClientID string   // client.id. Defaults to headwater
	TLS      *tls.Config
	SASL     *SASL
	// TransactionTimeout is how long the broker waits for an open transaction before it aborts it
	// (transaction.timeout.ms). Defaults to 10 s.
	TransactionTimeout time.Duration
	// Compression is producer.override.compression.type's default for all producers. Defaults to none.
	Compression string
	// Dial replaces the network, in tests.
	Dial func(ctx context.Context, network, host string) (net.Conn, error)
}

// SASL is sasl.mechanism with sasl.jaas.config's user and password.
type SASL struct {
	Mechanism, User, Password string
}

// Cluster makes clients of one Kafka cluster.
type Cluster struct{ config Config }

// NewCluster checks the settings without connecting.
func NewCluster(c Config) (*Cluster, error) {
	if c.ClientID == "" {
		c.ClientID = "headwater"
	}
	if c.TransactionTimeout == 0 {
		c.TransactionTimeout = 10 * time.Second
	}
	cluster := &Cluster{config: c}
	if _, err := cluster.mechanism(); err != nil {
		return nil, err
	}
	return cluster, nil
}

// client opens a franz-go client; it connects when first used.
func (c *Cluster) client(opts ...kgo.Opt) (*kgo.Client, error) {
	base := []kgo.Opt{
		kgo.SeedBrokers(c.config.Seeds...),
		kgo.ClientID(c.config.ClientID),
		kgo.DialTimeout(10 * time.Second),
		kgo.RetryTimeout(30 * time.Second),
		kgo.MetadataMinAge(250 * time.Millisecond),
	}
	if c.config.Dial != nil {
		base = append(base, kgo.Dialer(c.config.Dial))
	} else if c.config.TLS != nil {
		base = append(base, kgo.DialTLSConfig(c.config.TLS.Clone()))
	}
	mechanism, err := c.mechanism()
	if err != nil {
		return nil, err
	}
	if mechanism != nil {
		base = append(base, kgo.SASL(mechanism))
	}
	cl, err := kgo.NewClient(append(base, opts...)...)
	if err != nil {
		return nil, &fault.Error{Op: "open a Kafka client", Err: err, Hint: "check bootstrap.servers and the producer settings"}
	}
	return cl, nil
}

func (c *Cluster) mechanism() (sasl.Mechanism, error) {
	s := c.config.SASL
	if s == nil {
		return nil, nil
	}
	switch s.Mechanism {
	case "PLAIN":
		return plain.Auth{User: s.User, Pass: s.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: s.User, Pass: s.Password}.AsSha512Mechanism(), nil
	}
	return nil, &fault.Error{
		Op: "open a Kafka client", Err: fmt.Errorf("sasl.mechanism %q is not known", s.Mechanism),
		Hint: "use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
	}
}

// Ping waits until a broker answers, for as long as ctx lasts.
func (c *Cluster) Ping(ctx context.Context) error {
	cl, err := c.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	for {
		if err = cl.Ping(ctx); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return &fault.Error{
				Kind: fault.Retriable, Op: fmt.Sprintf("reach Kafka at %v", c.config.Seeds), Err: err,
				Hint: "is a broker running there? check bootstrap.servers and security.protocol",
			}
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// ID returns the Kafka cluster's id, empty when nobody tells.
func (c *Cluster) ID(ctx context.Context) string {
	cl, err := c.client()
	if err != nil {
		return ""
	}
	defer cl.Close()
	m, err := kadm.NewClient(cl).BrokerMetadata(ctx)
	if err != nil {
		return ""
	}
	return m.Cluster
}
