package inherited

import "github.com/headwater/headwater/internal/connector/property"

const groupFramework = "Framework"

// framework is what Kafka Connect itself knows of any source connector.
var framework = []property.Row{
	noOp(groupFramework, "exactly.once.support", property.String, "", "`requested` or `required`.", workerExactlyOnce),
	{
		Name: "transaction.boundary", Default: "poll", Choices: []property.Choice{
			{Name: "poll"}, {Name: "interval", NotYet: noBoundary}, {Name: "connector", NotYet: noBoundary},
		},
		Importance: property.Medium, Group: groupFramework, Doc: "What a transaction holds: whole pages.",
	},
	{
		Name: "transaction.boundary.interval.ms", Type: property.Long, Importance: property.Low, Group: groupFramework,
		Needs: "transaction.boundary=interval", Doc: "Length of a transaction.", Status: property.NoOp,
	},
	{
		Name: "offsets.storage.topic", Importance: property.Low, Group: groupFramework, Status: property.NotYet,
		Doc: "An offsets topic of this connector's own.", Why: "leave it out: offsets are in the worker's offset.storage.topic",
	},
	noOp(groupFramework, "tasks.max.enforce", property.Boolean, "true", "Refuse more tasks than `tasks.max`.", "there are never more tasks than tasks.max"),
	noOp(groupFramework, "config.action.reload", property.String, "", "What a changed secret does: `restart` or `none`.", "a changed secret counts from the next start"),
	noOp(groupFramework, "connector.plugin.version", property.String, "", "Version of the plugin.", "there is one version, the worker's own"),
	noOp(groupFramework, "header.converter", property.String, "", "Converter of record headers.", "headers are written as text"),
	noOp(groupFramework, "header.converter.*", property.String, "", "Properties of that converter.", "headers are written as text"),
	noOp(groupFramework, "secret.manager.*", property.String, "", "A secret manager of the cloud.", "secrets come from the worker's config.providers"),
	noOp(groupFramework, "workqueue.topic.*", property.String, "", "The topic of API chaining, `HTTPv2-work-queue-<connector>`.", "it is not looked at: the work queue has 15 partitions"),
	noOp(groupFramework, "add.error.to.trace", property.Boolean, "", "Show the error in the status.", "the status always shows it"),
}

const (
	workerExactlyOnce = "the worker's exactly.once.source.support decides"
	noBoundary        = "leave it out: a transaction holds whole pages, which is poll"
)
