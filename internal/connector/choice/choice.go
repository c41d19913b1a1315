// Package choice holds the properties that have one of a list of values: what the values are called here, and every
// spelling of them.
package choice

// Mode is http.offset.mode.
type Mode uint8

// The offset modes. CHAINING and CURSOR_PAGINATION go by time windows when API.Window is set.
const (
	SimpleIncrementing Mode = iota
	Chaining
	CursorPagination
	SnapshotPagination
)

// OnError is behavior.on.error: what follows an API error once the retries are spent.
type OnError uint8

// Values of behavior.on.error.
const (
	Fail OnError = iota
	Ignore
)

// Tolerance is errors.tolerance: what follows a record that cannot be converted or does not fit its topic.
type Tolerance uint8

// Values of errors.tolerance.
const (
	ToleranceNone Tolerance = iota
	ToleranceAll
)

// ReportAs is report.errors.as.
type ReportAs uint8

// Values of report.errors.as.
const (
	ErrorString ReportAs = iota
	HTTPResponse
)

// ReportFormat is reporter.error.topic.value.format: how the sentence of ErrorString is written.
type ReportFormat uint8

// Values of reporter.error.topic.value.format. ReportJSON puts the sentence in quotes.
const (
	ReportJSON ReportFormat = iota
	ReportString
)

// Format is output.data.format.
type Format uint8

// FormatJSON is schemaless JSON, an extension: the bytes as the API sent them.
const FormatJSON Format = iota

// AuthType is auth.type.
type AuthType uint8

// Values of auth.type.
const (
	AuthNone AuthType = iota
	AuthBasic
	AuthBearer
)

// Backoff is retry.backoff.policy.
type Backoff uint8

// Values of retry.backoff.policy.
const (
	ExponentialWithJitter Backoff = iota
	ConstantValue
)

// Ordering is chaining.with.timestamp.mode.record.ordering.
type Ordering uint8

// Values of the ordering; OrderingNone means that chaining.with.timestamp.mode is off.
const (
	OrderingNone Ordering = iota
	OrderingGlobal
	OrderingRelative
)

// TimestampFormat is timestamp.format.
type TimestampFormat uint8

// Values of timestamp.format.
const (
	UnixMillis TimestampFormat = iota
	UnixSeconds
	SimpleDate
	ISO8601
)

// IntervalUnit is timestamp.interval.format.
type IntervalUnit uint8

// Values of timestamp.interval.format.
const (
	Seconds IntervalUnit = iota
	Days
)

// PollMode is chaining.poll.mode: whether a child API's work item is polled again once it is done.
type PollMode uint8

// Values of chaining.poll.mode. PollOnce items rest until their parent record is emitted again.
const (
	PollOnce PollMode = iota
	PollContinuous
)

// ParentInto is chaining.parent.fields.into: where the fields of the parent record go in a child's record.
type ParentInto uint8

// Values of chaining.parent.fields.into.
const (
	ParentIntoHeaders ParentInto = iota
	ParentIntoValue
)
