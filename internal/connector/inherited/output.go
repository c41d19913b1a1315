package inherited

import "github.com/headwater/headwater/internal/connector/property"

const (
	groupOutput = "Output"
	noTransform = "leave it out: transforms and predicates come later"
	groupError  = "Errors"
	reporter    = "error records go through the worker's own connection to Kafka"
	notRetried  = "converting the same bytes again gives the same error"
	ownTopics   = "topics are created by the worker's own rules"
)

var output = []property.Row{
	noOp(groupOutput, "producer.override.linger.ms", property.Long, "", "How long the producer waits for more records.", "a page is one transaction and is sent at once"),
	noOp(groupOutput, "producer.override.*", property.String, "", "Any other setting of the Kafka producer.", "the producer's other settings belong to the worker"),
	noOp(groupOutput, "admin.override.*", property.String, "", "Any setting of the Kafka admin client.", "the admin client's settings belong to the worker"),
	{
		Name: "transforms", Type: property.List, Importance: property.Medium, Group: groupOutput, Status: property.NotYet,
		Doc: "Single message transforms, by alias.", Why: noTransform,
	},
	{
		Name: "transforms.<alias>.*", Importance: property.Medium, Group: groupOutput, Status: property.NoOp, Needs: "transforms",
		Doc: "Properties of a transform.",
	},
	{
		Name: "predicates", Type: property.List, Importance: property.Medium, Group: groupOutput, Status: property.NotYet,
		Doc: "Predicates of transforms, by alias.", Why: noTransform,
	},
	{
		Name: "predicates.<alias>.*", Importance: property.Medium, Group: groupOutput, Status: property.NoOp, Needs: "predicates",
		Doc: "Properties of a predicate.",
	},
	noOp(groupOutput, "topic.creation.*", property.String, "", "Settings of topics that are created.", ownTopics),
}

var errors = []property.Row{
	noOp(groupError, "reporter.bootstrap.servers", property.List, "", "Brokers of the error topic.", reporter),
	noOp(groupError, "reporter.error.topic.replication.factor", property.Int, "", "Replicas of the error topic.", ownTopics),
	noOp(groupError, "reporter.error.topic.partitions", property.Int, "", "Partitions of the error topic.", ownTopics),
	noOp(groupError, "reporter.result.topic.*", property.String, "", "A topic of successes.", "a source has no result topic"),
	noOp(groupError, "reporter.admin.*", property.String, "", "The admin client of the error topic.", reporter),
	noOp(groupError, "reporter.producer.*", property.String, "", "The producer of the error topic.", reporter),
	noOp(groupError, "errors.retry.timeout", property.Long, "", "How long a failed conversion is tried again.", notRetried),
	noOp(groupError, "errors.retry.delay.max.ms", property.Long, "", "The longest wait between those tries.", notRetried),
	noOp(groupError, "errors.log.enable", property.Boolean, "", "Log records that are set aside.", "they are always logged, without their content"),
	noOp(groupError, "errors.log.include.messages", property.Boolean, "", "Log their content too.", "they are always logged, without their content"),
	noOp(groupError, "errors.deadletterqueue.*", property.String, "", "Dead letter queue of a sink.", "a source has none: see reporter.error.topic.name"),
}
