package connector

import (
	"slices"

	"github.com/headwater/headwater/internal/connector/inherited"
	"github.com/headwater/headwater/internal/connector/property"
)

// Fault is one thing that is wrong with one property.
type Fault = property.Fault

// Warning is something to know about a configuration that is taken.
type Warning = property.Warning

type (
	global  = property.Field[draft]
	perAPI  = property.Field[apiDraft]
	row     = property.Row
	choices = []property.Choice
)

// globals are the properties of the connector as a whole, in the order of the reference page.
var globals = slices.Concat(connectionTable, authTable, outputTable, errorTable, inheritedTable())

func inheritedTable() []global {
	var fields []global
	for _, row := range inherited.Rows() {
		fields = append(fields, global{Row: row})
	}
	return fields
}

// Properties returns the rows of the properties that a connector has once.
func Properties() []property.Row { return property.Rows(globals) }

// APIProperties returns the rows of the properties that each API has. Their names go without the apiN prefix.
func APIProperties() []property.Row { return property.Rows(apiTable) }

// draft is a Config on the way: what the setters store as it was written and the checks turn into values.
type draft struct {
	Config
	apisNum int
	chains  string
}

// apiDraft is an API on the way.
type apiDraft struct {
	API
	headers, headersSeparator       string
	sensitive                       Secret
	parameters, parametersSeparator string
	pathParameters, pathSeparator   string
	cursorWindows, chainingWindows  bool
	window                          Window
	ordering                        Ordering
}
