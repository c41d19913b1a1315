package choice

import (
	"github.com/headwater/headwater/internal/connector/property"
)

// The choices stand in the order of the constants: a value is its index. Display names, engine names and those of the
// connector's first version are all in use.
var (
	Modes = []property.Choice{
		{Name: "SIMPLE_INCREMENTING"}, {Name: "CHAINING"}, {Name: "CURSOR_PAGINATION"}, {Name: "SNAPSHOT_PAGINATION"},
	}
	OnErrors = []property.Choice{
		{Name: "FAIL", Also: []string{"Fail connector"}}, {Name: "IGNORE", Also: []string{"Ignore errors", "log"}},
	}
	Tolerances    = []property.Choice{{Name: "none"}, {Name: "all"}}
	ReportsAs     = []property.Choice{{Name: "Error string"}, {Name: "http_response"}}
	ReportFormats = []property.Choice{{Name: "json"}, {Name: "string"}}
	Formats       = []property.Choice{
		{Name: "JSON"},
		{Name: "AVRO", NotYet: useJSON},
		{Name: "JSON_SR", NotYet: useJSON},
		{Name: "PROTOBUF", NotYet: useJSON},
	}
	AuthTypes = []property.Choice{
		{Name: "NONE"},
		{Name: "BASIC"},
		{Name: "BEARER"},
		{Name: "OAUTH2", NotYet: "set auth.type to NONE, BASIC or BEARER"},
		{Name: "API_KEY", NotYet: "set auth.type=NONE and put the key into apiN.http.request.sensitive.headers"},
	}
	Backoffs         = []property.Choice{{Name: "EXPONENTIAL_WITH_JITTER"}, {Name: "CONSTANT_VALUE"}}
	Orderings        = []property.Choice{{Name: "Global"}, {Name: "Relative"}}
	TimestampFormats = []property.Choice{
		{Name: "Unix Timestamp Milliseconds"},
		{Name: "Unix Timestamp Seconds"},
		{Name: "Simple Date Format"},
		{Name: "ISO8601"},
	}
	IntervalUnits = []property.Choice{{Name: "Seconds"}, {Name: "Days"}}
	PollModes     = []property.Choice{{Name: "ONCE"}, {Name: "CONTINUOUS"}}
	ParentsInto   = []property.Choice{{Name: "HEADERS"}, {Name: "VALUE"}}
)

const useJSON = "set output.data.format=JSON for schemaless JSON, which needs no schema registry"

// String returns the value as http.offset.mode has it.
func (m Mode) String() string { return Modes[m].Name }

// String returns the value as behavior.on.error has it.
func (o OnError) String() string { return OnErrors[o].Name }

// String returns the value as errors.tolerance has it.
func (t Tolerance) String() string { return Tolerances[t].Name }

// String returns the value as report.errors.as has it.
func (r ReportAs) String() string { return ReportsAs[r].Name }

// String returns the value as reporter.error.topic.value.format has it.
func (f ReportFormat) String() string { return ReportFormats[f].Name }

// String returns the value as output.data.format has it.
func (f Format) String() string { return Formats[f].Name }

// String returns the value as auth.type has it.
func (a AuthType) String() string { return AuthTypes[a].Name }

// String returns the value as retry.backoff.policy has it.
func (b Backoff) String() string { return Backoffs[b].Name }

// String returns the value as timestamp.format has it.
func (f TimestampFormat) String() string { return TimestampFormats[f].Name }

// String returns the value as timestamp.interval.format has it.
func (u IntervalUnit) String() string { return IntervalUnits[u].Name }

// String returns the value as chaining.with.timestamp.mode.record.ordering has it, "none" when that mode is off.
func (o Ordering) String() string {
	if o == OrderingNone {
		return "none"
	}
	return Orderings[o-OrderingGlobal].Name
}

// String returns the value as chaining.poll.mode has it.
func (m PollMode) String() string { return PollModes[m].Name }

// String returns the value as chaining.parent.fields.into has it.
func (p ParentInto) String() string { return ParentsInto[p].Name }
