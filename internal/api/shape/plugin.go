package shape

// Plugin is a class that can be named in a configuration.
type Plugin struct {
	Class   string   `json:"class"`
	Type    string   `json:"type"` // source, sink, transformation, predicate, converter or header_converter
	Version string   `json:"version,omitempty"`
	Aliases []string `json:"-"` // other values of connector.class that mean the same
}

// Definition describes a property, as in KIP-769. Order and OrderInGroup are the same number: 4.2 renamed it.
type Definition struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"` // BOOLEAN STRING INT SHORT LONG DOUBLE LIST CLASS PASSWORD
	Required      bool     `json:"required"`
	Default       *string  `json:"default_value"`
	Importance    string   `json:"importance"` // HIGH MEDIUM LOW
	Documentation string   `json:"documentation"`
	Group         string   `json:"group"`
	OrderInGroup  int      `json:"order_in_group"`
	Width         string   `json:"width"` // NONE SHORT MEDIUM LONG
	DisplayName   string   `json:"display_name"`
	Dependents    []string `json:"dependents"`
	Order         int      `json:"order"`
}

// Value is a property's value and what is wrong with it.
type Value struct {
	Name        string   `json:"name"`
	Value       *string  `json:"value"`
	Recommended []string `json:"recommended_values"`
	Errors      []string `json:"errors"`
	Visible     bool     `json:"visible"`
}

// Validated is a property after validation; Definition is nil for one that is not defined.
type Validated struct {
	Definition *Definition `json:"definition"`
	Value      Value       `json:"value"`
}
