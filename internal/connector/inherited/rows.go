// Package inherited holds the rows of properties that connectors have from the product and from Kafka Connect and that ask
// for nothing here, or for something still to come. A property that gets a use moves to the tables of package connector.
package inherited

import (
	"slices"

	"github.com/headwater/headwater/internal/connector/property"
)

// Rows returns all of them, in the order of the reference page.
func Rows() []property.Row {
	return slices.Concat(connection, authentication, transport, output, errors, framework, converters)
}

// noOp is a property that is taken with a warning when it is set.
func noOp(group, name string, t property.Type, byDefault, doc, why string) property.Row {
	return property.Row{
		Name: name, Type: t, Default: byDefault, Importance: property.Low, Group: group, Doc: doc,
		Status: property.Accepted, Why: why,
	}
}

func kafkaRow(name string, t property.Type, doc string) property.Row {
	f := noOp("Kafka credentials", name, t, "", doc, workerCredentials)
	f.Importance = property.High
	return f
}

func openAPI(name string, t property.Type, doc string, status property.Status) property.Row {
	f := property.Row{
		Name: name, Type: t, Importance: property.Medium, Group: "OpenAPI", Doc: doc, Status: status, Why: notOpenAPI,
	}
	if t == property.Boolean {
		f.Default = "false"
	}
	if status == property.NoOp {
		f.Why = ""
	}
	return f
}

const strictEgress = "leave it out and set egress.profile=strict for the worker"

// later is a property that belongs to a way of authentication that is still to come.
func later(needs, name string, t property.Type, byDefault, doc string) property.Row {
	f := noOpWith(needs, name, t, byDefault, doc)
	f.Group = groupAuth
	return f
}

// noOpWith is a property that says nothing without another, which is refused.
func noOpWith(needs, name string, t property.Type, byDefault, doc string) property.Row {
	return property.Row{
		Name: name, Type: t, Default: byDefault, Importance: property.Medium, Group: groupTransport, Needs: needs, Doc: doc,
		Status: property.NoOp,
	}
}

// refused is a property that must not be set to anything but its default.
func refused(name string, t property.Type, byDefault, doc, why string) property.Row {
	return property.Row{
		Name: name, Type: t, Default: byDefault, Importance: property.Medium, Group: groupTransport, Doc: doc,
		Status: property.NotYet, Why: why,
	}
}
