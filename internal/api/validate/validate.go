// Package validate answers the REST calls about properties (KIP-769 and PUT .../config/validate) from the connector's
// property tables, which are the single source of what a configuration may hold.
package validate

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/connector/property"
)

// maxAPIs is how many API blocks are described at most.
const maxAPIs = 15

// Connector is an api.Validator. It contacts nobody.
type Connector struct {
	// Parse checks a configuration and reports all its faults, joined. Faults name their property.
	Parse func(config map[string]string) error
}

// Definitions lists the properties of a connector with one API.
func (Connector) Definitions(string) []api.Definition { return definitions(1) }

// Validate returns every property of a connector with as many APIs as apis.num says, with its value or default and its
// faults, and every other property that has one.
func (c Connector) Validate(_ context.Context, config map[string]string) ([]api.Validated, error) {
	faults, order, err := byProperty(c.Parse(config))
	if err != nil {
		return nil, err
	}
	var list []api.Validated
	for _, d := range described(apis(config)) {
		v := api.Value{Name: d.Name, Value: d.Default, Recommended: d.choices, Visible: true}
		for _, name := range d.names {
			if text, ok := config[name]; ok {
				v.Value = &text
			}
			v.Errors = append(v.Errors, faults[name]...)
			delete(faults, name)
		}
		list = append(list, api.Validated{Definition: &d.Definition, Value: v})
	}
	for _, name := range order {
		if texts, left := faults[name]; left {
			v := api.Value{Name: name, Errors: texts, Visible: true}
			if text, ok := config[name]; ok {
				v.Value = &text
			}
			list = append(list, api.Validated{Value: v})
			delete(faults, name)
		}
	}
	return list, nil
}

// byProperty sorts joined faults by the property that they name; order is that of the properties. What is no fault is
// handed back as the error it is.
func byProperty(err error) (faults map[string][]string, order []string, rest error) {
	faults = map[string][]string{}
	for _, e := range apart(err) {
		f, ok := errors.AsType[*connector.Fault](e)
		if !ok {
			return nil, nil, e
		}
		if faults[f.Property] == nil {
			order = append(order, f.Property)
		}
		faults[f.Property] = append(faults[f.Property], f.Error())
	}
	return faults, order, nil
}

// apart takes what errors.Join made apart.
func apart(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, apart(e)...)
		}
		return all
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// apis reads apis.num leniently: 1 when it is absent or wrong, which the faults say.
func apis(config map[string]string) int {
	n, err := strconv.Atoi(strings.TrimSpace(config["apis.num"]))
	if err != nil {
		return 1
	}
	return min(max(n, 1), maxAPIs)
}

// description is a definition with what its row knows beyond it.
type description struct {
	api.Definition
	names   []string // its own and its aliases
	choices []string
}

func definitions(apis int) []api.Definition {
	all := described(apis)
	list := make([]api.Definition, len(all))
	for i, d := range all {
		list[i] = d.Definition
	}
	return list
}

// described lists the properties of a connector with this many APIs. Rows that are patterns have no name to show and are
// left out.
func described(apis int) []description {
	var list []description
	groups := map[string]int{}
	add := func(prefix, group string, rows []property.Row) {
		for _, row := range rows {
			if strings.ContainsAny(row.Name, "<*") {
				continue
			}
			d := describe(prefix, row)
			d.Group = group + d.Group
			groups[d.Group]++
			d.OrderInGroup = groups[d.Group]
			list = append(list, d)
		}
	}
	add("", "", connector.Properties())
	for n := range apis {
		prefix := "api" + strconv.Itoa(n+1)
		add(prefix+".", prefix+": ", connector.APIProperties())
	}
	return list
}

func describe(prefix string, row property.Row) description {
	d := description{Definition: api.Definition{
		Name: prefix + row.Name, Type: strings.ToUpper(row.Type.String()), Required: row.Required,
		Importance: strings.ToUpper(row.Importance.String()), Documentation: document(row),
		Group: row.Group, Width: "MEDIUM", DisplayName: prefix + row.Name,
	}}
	if row.Default != "" {
		d.Default = &row.Default
	}
	for _, name := range append([]string{row.Name}, row.Aliases...) {
		d.names = append(d.names, prefix+name)
	}
	for _, choice := range row.Choices {
		if choice.NotYet == "" {
			d.choices = append(d.choices, choice.Name)
		}
	}
	return d
}

// document adds to a row's text when it matters and what it cannot do yet.
func document(row property.Row) string {
	text := row.Doc
	if row.Needs != "" {
		text += " Only with " + row.Needs + "."
	}
	if row.Status != property.Supported {
		text += " " + strings.TrimSpace("("+row.Status.String()+") "+row.Why)
	}
	return strings.TrimSpace(text)
}
