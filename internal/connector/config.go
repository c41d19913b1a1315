package connector

import (
	"time"

	"github.com/headwater/headwater/internal/record/extract"
)

// Config is a connector's configuration, parsed and checked. Values are those of the properties named behind them.
type Config struct {
	Name        string    // name
	Class       string    // connector.class
	TasksMax    int       // tasks.max; 0 when absent: as many as APIs
	BaseURL     string    // http.api.base.url
	OnError     OnError   // behavior.on.error
	Tolerance   Tolerance // errors.tolerance
	ErrorTopic  string    // reporter.error.topic.name, ${connector} already replaced
	ReportAs    ReportAs  // report.errors.as
	Format      Format    // output.data.format
	Auth        Auth      // auth.type and what belongs to it
	Whitelist   []string  // connector.egress.whitelist
	Compression string    // producer.override.compression.type; empty: none
	APIs        []API     // api1 to apiN, in order
	Chains      []Chain   // api.chaining.parent.child.relationship, in the order written; never a cycle

	ReportFormat ReportFormat // reporter.error.topic.value.format
}

// Auth is how requests to the base URL's origin identify themselves.
type Auth struct {
	Type     AuthType // auth.type
	User     string   // connection.user
	Password Secret   // connection.password
	Token    Secret   // bearer.token
}

// API is one apiN block. Names in the comments go without their apiN prefix.
type API struct {
	N                int              // 1 to 15
	Path             string           // http.api.path, raw
	Topic            string           // topics
	Method           string           // http.request.method
	Headers          []Pair           // http.request.headers
	SensitiveHeaders []SecretPair     // http.request.sensitive.headers
	Parameters       []Pair           // http.request.parameters, only for GET
	PathParameters   []Pair           // http.path.parameters
	Body             string           // http.request.body, only for POST
	Mode             Mode             // http.offset.mode
	InitialOffset    string           // http.initial.offset
	Data             extract.Pointer  // http.response.data.json.pointer
	Offset           *extract.Pointer // http.offset.json.pointer; nil when absent
	NextPage         *extract.Pointer // http.next.page.json.pointer
	PrimaryKey       *extract.Pointer // http.offset.json.primary.key.pointer
	Timestamp        *extract.Pointer // http.timestamp.json.pointer
	CursorParameter  string           // http.cursor.pagination.parameter.name
	NextIsURL        bool             // is.next.page.token.absolute.url
	ChainParameter   string           // http.chaining.pagination.parameter.name
	Window           *Window          // time windows; nil when no timestamp mode is on
	Ordering         Ordering         // chaining.with.timestamp.mode.record.ordering; OrderingNone unless that mode is on

	ConnectTimeout time.Duration // http.connect.timeout.ms
	RequestTimeout time.Duration // http.request.timeout.ms
	MaxRetries     int           // max.retries
	Backoff        Backoff       // retry.backoff.policy
	BackoffBase    time.Duration // retry.backoff.ms
	RetryOn        StatusRanges  // retry.on.status.codes, and what is always retried: 401, 408, 429, 504
	Interval       time.Duration // request.interval.ms

	// Child says that the API has parents: it is asked once for each work item, and what follows has a meaning.
	Child bool
	// Placeholders are the names in the templates that stand for values of a parent record, sorted, none of them twice: a
	// field's name, a dotted path or a JSON Pointer. A child has at least one, any other API none.
	Placeholders []string
	PollMode     PollMode      // chaining.poll.mode
	Repoll       time.Duration // chaining.repoll.interval.ms
	InFlight     int           // chaining.items.in.flight
	EndOn        StatusRanges  // chaining.end.on.status.codes; none of them is in RetryOn
	ParentFields []Pair        // chaining.parent.fields: a name and its source in the parent record
	ParentInto   ParentInto    // chaining.parent.fields.into
}

// Pair is a name and a templated value, in the order in which they were written.
type Pair struct{ Name, Value string }

// SecretPair is a Pair whose value must not be seen.
type SecretPair struct {
	Name  string
	Value Secret
}

// Window describes the time windows of the timestamp modes. OrderingRelative has no windows; it goes by Format and Delay
// alone, and Start and End are empty.
type Window struct {
	Start    string          // initial.start.timestamp.value
	End      string          // initial.end.timestamp.value; empty: now
	Format   TimestampFormat // timestamp.format
	Unit     IntervalUnit    // timestamp.interval.format
	Interval int64           // http.timestamp.interval, in Unit
	Delay    time.Duration   // time.range.request.delay
}
