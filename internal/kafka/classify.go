package kafka

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/headwater/headwater/internal/fault"
)

// verdict is what a broker's error code means for the caller.
type verdict struct {
	kind fault.Kind
	hint string
}

// verdicts lists the codes that trying again does not cure, and the two that mean a newer producer. All others are
// retriable: the caller closes the client and starts over, which is right for every code that says "not now".
var verdicts = map[error]verdict{
	kerr.ProducerFenced:       {fault.Fenced, "a newer producer holds this transactional id"},
	kerr.InvalidProducerEpoch: {fault.Fenced, "a newer producer holds this transactional id, or the transaction ran into transaction.timeout.ms"},

	kerr.MessageTooLarge:    {fault.Permanent, "raise max.message.bytes of the topic, or set errors.tolerance=all to set such records aside"},
	kerr.RecordListTooLarge: {fault.Permanent, "raise segment.bytes of the topic, or set errors.tolerance=all"},
	kerr.InvalidRecord:      {fault.Permanent, "the topic refuses such records: is it compacted? its records need keys"},
	kerr.CorruptMessage:     {fault.Permanent, "the topic refuses such records: is it compacted? its records need keys"},
	kerr.InvalidTimestamp:   {fault.Permanent, "check message.timestamp.before.max.ms of the topic"},

	kerr.TopicAuthorizationFailed:           {fault.Fatal, "grant WRITE and DESCRIBE on the topic (and READ on internal topics)"},
	kerr.TransactionalIDAuthorizationFailed: {fault.Fatal, "grant WRITE and DESCRIBE on TransactionalId with the prefix of group.id"},
	kerr.ClusterAuthorizationFailed:         {fault.Fatal, "grant IDEMPOTENT_WRITE on the cluster (brokers before 2.8), or CREATE on the topic"},
	kerr.GroupAuthorizationFailed:           {fault.Fatal, "grant READ and DESCRIBE on the group named in group.id"},
	kerr.InconsistentGroupProtocol:          {fault.Fatal, "under this group.id there are clients of another kind: choose another group.id, or stop them"},
	kerr.InvalidSessionTimeout:              {fault.Fatal, "session.timeout.ms is outside of the broker's group.min.session.timeout.ms and group.max.session.timeout.ms"},
	kerr.InvalidGroupID:                     {fault.Fatal, "group.id is not valid in Kafka"},
	kerr.GroupMaxSizeReached:                {fault.Fatal, "the group has as many members as the broker's group.max.size allows"},
	kerr.SaslAuthenticationFailed:           {fault.Fatal, "check sasl.mechanism and sasl.jaas.config"},
	kerr.UnsupportedSaslMechanism:           {fault.Fatal, "check sasl.mechanism"},
	kerr.UnknownTopicOrPartition:            {fault.Fatal, "create the topic"},
	kerr.InvalidTopicException:              {fault.Fatal, "the topic's name is not valid in Kafka"},
	kerr.InvalidTransactionTimeout:          {fault.Fatal, "transaction.timeout.ms is above the broker's transaction.max.timeout.ms"},
	kerr.UnsupportedVersion:                 {fault.Fatal, "the broker is too old: 2.5 is the least for exactly once"},
	kerr.InvalidReplicationFactor:           {fault.Fatal, "set the topic's replication factor to at most the number of brokers, or -1 for the broker's default"},
	kerr.PolicyViolation:                    {fault.Fatal, "the cluster's policy refuses this topic: create it by hand"},
}

// classify gives err its kind, once. Errors that have one keep it.
func classify(op string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return &fault.Error{Kind: fault.Retriable, Op: op, Err: err}
	}
	for code, v := range verdicts {
		if errors.Is(err, code) {
			return &fault.Error{Kind: v.kind, Op: op, Err: err, Hint: v.hint}
		}
	}
	return &fault.Error{Kind: fault.Retriable, Op: op, Err: err}
}
