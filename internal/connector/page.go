package connector

import "github.com/headwater/headwater/internal/connector/property"

// ReferencePage renders docs/reference/properties.md from the tables.
func ReferencePage() string {
	return `# Connector properties

This page is made from the tables in internal/connector; do not edit it. To make it anew:
` + "`go test ./internal/connector -run TestReferencePage -update`" + `.

A connector has the properties below once, and those from "Request" on once for each API, behind ` + "`api1.`, `api2.`" + ` and so on.
Values are text; numbers and booleans of JSON are taken as their text. The case of a listed value does not matter, nor do
blanks, ` + "`-` and `_`" + ` in it. An empty value is as good as an absent one, except where it is said to mean something.

What a status means: *supported* properties do what is said; *accepted, not yet used* are taken with a warning; *accepted,
no effect* are taken in silence; *not yet* are refused when they are set to anything but their default. An unknown property
is a warning that names the nearest known one. A secret is shown as ` + "`***`" + ` everywhere; ` + "`${file:path:key}`" + ` and the like,
resolved by the worker's ` + "`config.providers`" + `, stay as they were written.
` + property.Markdown("", Properties()) + property.Markdown("apiN.", APIProperties())
}
