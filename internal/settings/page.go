package settings

import "github.com/headwater/headwater/internal/connector/property"

// ReferencePage renders docs/reference/worker-properties.md from the table.
func ReferencePage() string {
	return `# Worker properties

This page is made from the table in internal/settings; do not edit it. To make it anew:
` + "`go test ./internal/settings -run TestReferencePage -update`" + `.

The names are those of a Kafka Connect worker, so that a ` + "`connect-distributed.properties`" + ` file loads as it is. What a status
means: *supported* properties do what is said; *accepted, not yet used* are taken with a warning; *accepted, no effect* are
taken in silence; *not yet* are refused when they are set to anything but their default. An unknown property is a warning that
names the nearest known one.
` + property.Markdown("", Properties())
}
