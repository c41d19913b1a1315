package kafka

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/internal/fault"
)

// Topic is a topic that must exist.
type Topic struct {
	Name        string
	Property    string // the property that names it, for errors
	Partitions  int32  // when it is created; -1: the broker's default
	Replication int16  // when it is created; -1: the broker's default
	Compacted   bool   // cleanup.policy must be compact
	Fixed       bool   // must have exactly Partitions
	Settings    map[string]string
}

// Admin asks and changes the cluster's topics. It is safe for concurrent use and holds no state of a topic: one serves any
// number of tasks, over one connection to each broker.
type Admin struct {
	client *kgo.Client
	admin  *kadm.Client
}

// Admin opens an admin client. Close it.
func (c *Cluster) Admin() (*Admin, error) {
	cl, err := c.client()
	if err != nil {
		return nil, err
	}
	return &Admin{cl, kadm.NewClient(cl)}, nil
}

// Close lets go of the connections.
func (a *Admin) Close() { a.admin.Close() }

// Ensure creates the topic where it is missing and checks it where it exists. A topic that is there but wrong is a fatal
// error that names the fix; it is never changed.
func (a *Admin) Ensure(ctx context.Context, t Topic) error {
	op := "check topic " + t.Name
	details, err := a.admin.ListTopics(ctx, t.Name)
	if err != nil {
		return classify(op, err)
	}
	d := details[t.Name]
	if errors.Is(d.Err, kerr.UnknownTopicOrPartition) {
		return a.create(ctx, t)
	}
	if d.Err != nil {
		return classify(op, d.Err)
	}
	if n := len(d.Partitions); t.Fixed && n != int(t.Partitions) {
		return &fault.Error{
			Op: op, Err: fmt.Errorf("it has %d partitions and must have exactly %d", n, t.Partitions),
			Hint: "delete it, or name another one in " + t.Property,
		}
	}
	return a.compacted(ctx, t)
}

// Exists reports whether there is a topic of that name.
func (a *Admin) Exists(ctx context.Context, topic string) (bool, error) {
	details, err := a.admin.ListTopics(ctx, topic)
	if err != nil {
		return false, classify("look for topic "+topic, err)
	}
	err = details[topic].Err
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return false, nil
	}
	return err == nil, classify("look for topic "+topic, err)
}

func (a *Admin) create(ctx context.Context, t Topic) error {
	settings := map[string]*string{}
	for k, v := range t.Settings {
		settings[k] = kadm.StringPtr(v)
	}
	if t.Compacted {
		settings["cleanup.policy"] = kadm.StringPtr("compact")
	}
	_, err := a.admin.CreateTopic(ctx, t.Partitions, t.Replication, settings, t.Name)
	if err != nil && !errors.Is(err, kerr.TopicAlreadyExists) { // another worker may have been quicker
		return classify("create topic "+t.Name+", named in "+t.Property, err)
	}
	return a.ready(ctx, t.Name)
}

// ready waits until the new topic's partitions have leaders: the answer to a creation comes before that.
func (a *Admin) ready(ctx context.Context, topic string) error {
	for range 100 {
		details, err := a.admin.ListTopics(ctx, topic)
		if err == nil && led(details[topic]) {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return classify("wait for topic "+topic, ctx.Err())
		}
	}
	return &fault.Error{Kind: fault.Retriable, Op: "wait for topic " + topic, Err: errors.New("its partitions have no leader yet")}
}

func led(d kadm.TopicDetail) bool {
	for _, p := range d.Partitions {
		if p.Err != nil || p.Leader < 0 {
			return false
		}
	}
	return d.Err == nil && len(d.Partitions) > 0
}

// compacted reads cleanup.policy. Where that is not allowed, the topic is taken as it is, as Connect does.
func (a *Admin) compacted(ctx context.Context, t Topic) error {
	if !t.Compacted {
		return nil
	}
	policy, err := a.setting(ctx, t.Name, "cleanup.policy")
	if err != nil || policy == "compact" || policy == "" {
		return nil
	}
	return &fault.Error{
		Op:   "check topic " + t.Name,
		Err:  fmt.Errorf("its cleanup.policy is %q and must be compact: old rows would be deleted by time", policy),
		Hint: fmt.Sprintf("kafka-configs --alter --entity-type topics --entity-name %s --add-config cleanup.policy=compact, or name another topic in %s", t.Name, t.Property),
	}
}

// MaxMessageBytes returns the topic's max.message.bytes, the broker's default where it may not be read.
func (a *Admin) MaxMessageBytes(ctx context.Context, topic string) int {
	text, err := a.setting(ctx, topic, "max.message.bytes")
	if err != nil {
		return DefaultMaxMessageBytes
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return DefaultMaxMessageBytes
	}
	return n
}

// setting returns one topic setting, empty when it is not there.
func (a *Admin) setting(ctx context.Context, topic, name string) (string, error) {
	configs, err := a.admin.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return "", err
	}
	c, err := configs.On(topic, nil)
	if err != nil || c.Err != nil {
		return "", errors.Join(err, c.Err)
	}
	for _, s := range c.Configs {
		if s.Key == name {
			return s.MaybeValue(), nil
		}
	}
	return "", nil
}
