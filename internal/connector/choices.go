package connector

import (
	"time"

	"github.com/headwater/headwater/internal/connector/property"
)

// The choices stand in the order of the constants: a value is its index. Display names, engine names and those of the
// connector's first version are all in use.
var (
	modes = []property.Choice{
		{Name: "SIMPLE_INCREMENTING"}, {Name: "CHAINING"}, {Name: "CURSOR_PAGINATION"}, {Name: "SNAPSHOT_PAGINATION"},
	}
	onErrors = []property.Choice{
		{Name: "FAIL", Also: []string{"Fail connector"}}, {Name: "IGNORE", Also: []string{"Ignore errors", "log"}},
	}
	tolerances    = []property.Choice{{Name: "none"}, {Name: "all"}}
	reportsAs     = []property.Choice{{Name: "Error string"}, {Name: "http_response"}}
	reportFormats = []property.Choice{{Name: "json"}, {Name: "string"}}
	formats       = []property.Choice{
		{Name: "JSON"},
		{Name: "AVRO", NotYet: useJSON},
		{Name: "JSON_SR", NotYet: useJSON},
		{Name: "PROTOBUF", NotYet: useJSON},
	}
	authTypes = []property.Choice{
		{Name: "NONE"},
		{Name: "BASIC"},
		{Name: "BEARER"},
		{Name: "OAUTH2", NotYet: "set auth.type to NONE, BASIC or BEARER"},
		{Name: "API_KEY", NotYet: "set auth.type=NONE and put the key into apiN.http.request.sensitive.headers"},
	}
	backoffs         = []property.Choice{{Name: "EXPONENTIAL_WITH_JITTER"}, {Name: "CONSTANT_VALUE"}}
	orderings        = []property.Choice{{Name: "Global"}, {Name: "Relative"}}
	timestampFormats = []property.Choice{
		{Name: "Unix Timestamp Milliseconds"},
		{Name: "Unix Timestamp Seconds"},
		{Name: "Simple Date Format"},
		{Name: "ISO8601"},
	}
	intervalUnits = []property.Choice{{Name: "Seconds"}, {Name: "Days"}}
)

const useJSON = "set output.data.format=JSON for schemaless JSON, which needs no schema registry"

// String returns the value as http.offset.mode has it.
func (m Mode) String() string { return modes[m].Name }

// String returns the value as behavior.on.error has it.
func (o OnError) String() string { return onErrors[o].Name }

// String returns the value as errors.tolerance has it.
func (t Tolerance) String() string { return tolerances[t].Name }

// String returns the value as report.errors.as has it.
func (r ReportAs) String() string { return reportsAs[r].Name }

// String returns the value as reporter.error.topic.value.format has it.
func (f ReportFormat) String() string { return reportFormats[f].Name }

// String returns the value as output.data.format has it.
func (f Format) String() string { return formats[f].Name }

// String returns the value as auth.type has it.
func (a AuthType) String() string { return authTypes[a].Name }

// String returns the value as retry.backoff.policy has it.
func (b Backoff) String() string { return backoffs[b].Name }

// String returns the value as timestamp.format has it.
func (f TimestampFormat) String() string { return timestampFormats[f].Name }

// String returns the value as timestamp.interval.format has it.
func (u IntervalUnit) String() string { return intervalUnits[u].Name }

// String returns the value as chaining.with.timestamp.mode.record.ordering has it, "none" when that mode is off.
func (o Ordering) String() string {
	if o == OrderingNone {
		return "none"
	}
	return orderings[o-OrderingGlobal].Name
}

// Parse reads a timestamp of this format. Dates without a time are midnight UTC; ISO 8601 may have any zone offset.
func (f TimestampFormat) Parse(text string) (time.Time, error) {
	switch f {
	case UnixMillis:
		n, err := epoch(text, 1000)
		return time.UnixMilli(n).UTC(), err
	case UnixSeconds:
		n, err := epoch(text, 1)
		return time.Unix(n, 0).UTC(), err
	case SimpleDate:
		return time.Parse(time.DateOnly, text)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Parse("2006-01-02T15:04:05Z0700", text)
	}
	return t, nil
}
