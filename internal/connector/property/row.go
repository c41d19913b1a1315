// Package property is the machinery of property tables: what a row says about a property, how a text is read by it, and
// how everything that is wrong with a set of properties is told at once.
package property

// Type is a property's type, as Kafka's ConfigDef names it.
type Type uint8

// The types. Password values are shown as *** everywhere. Int is 32 bits wide, Long 64.
const (
	String Type = iota
	Password
	Int
	Long
	Boolean
	List
)

// String returns the name that Kafka's documentation uses.
func (t Type) String() string {
	return [...]string{"string", "password", "int", "long", "boolean", "list"}[t]
}

// Importance is how much a property matters to somebody who reads the documentation.
type Importance uint8

// The importances, as Kafka's ConfigDef has them.
const (
	High Importance = iota
	Medium
	Low
)

// String returns the importance in lower case.
func (i Importance) String() string { return [...]string{"high", "medium", "low"}[i] }

// Status says what setting a property comes to.
type Status uint8

const (
	// Supported properties do what their documentation says.
	Supported Status = iota
	// Accepted properties are taken and not used yet; a warning says so.
	Accepted
	// NoOp properties are taken and ask for nothing; there is no warning.
	NoOp
	// NotYet properties are refused when they are set to anything but their default: ignoring them would change what the
	// connector does.
	NotYet
)

// String returns the words of the reference pages.
func (s Status) String() string {
	return [...]string{"supported", "accepted, not yet used", "accepted, no effect", "not yet"}[s]
}

// Choice is one value of an enumeration.
type Choice struct {
	Name string   // as documented
	Also []string // other spellings; case, blanks, - and _ never matter
	// NotYet is what to do instead, when this value is refused for now; empty: it is supported.
	NotYet string
}

// Row describes one property. It is the only place that knows the property's name.
type Row struct {
	// Name is the property's name. <alias> stands for any one segment and a last * for any rest.
	Name    string
	Aliases []string // other names of the same property
	Type    Type
	// Required means that there must be a value.
	Required bool
	Default  string // as text; empty: none
	// Blank means that an empty value says something other than an absent one.
	Blank      bool
	Choices    []Choice // the valid values, when they can be listed
	Min, Max   int64    // inclusive bounds of a number; Max 0 is the type's own
	Valid      string   // the valid values in words, where Choices and bounds do not say it
	Importance Importance
	Group      string // heading in the reference pages
	Needs      string // the setting that gives this property a meaning, as "auth.type=BASIC"
	Doc        string // one or two sentences
	Status     Status
	Why        string // of a Status other than Supported: the reason, or what to do instead
}

// Secret reports whether the value must not be seen.
func (r Row) Secret() bool { return r.Type == Password }

// Field is a Row together with the place its value goes to.
type Field[T any] struct {
	Row
	// Set stores a checked value; nil for properties that have no use yet. An error should be a Problem.
	Set func(*T, Value) error
}

// Rows returns the rows of fields.
func Rows[T any](fields []Field[T]) []Row {
	rows := make([]Row, len(fields))
	for i, f := range fields {
		rows[i] = f.Row
	}
	return rows
}
