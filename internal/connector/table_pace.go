package connector

import (
	"time"

	"github.com/headwater/headwater/internal/connector/choice"
	"github.com/headwater/headwater/internal/connector/property"
	"github.com/headwater/headwater/internal/connector/status"
	"github.com/headwater/headwater/internal/record/extract"
)

const windowsOnly = "a timestamp mode of apiN"

// windowTable is how requests are cut into spans of time.
var windowTable = []perAPI{
	{Row: row{
		Name: "enable.cursor.pagination.with.timestamp.mode", Type: property.Boolean, Default: "false", Importance: property.Medium,
		Group: groupWindow, Needs: cursorOnly, Doc: "Go by time windows, and by a cursor within each.",
	}, Set: property.Flag(func(a *apiDraft) *bool { return &a.cursorWindows })},
	{Row: row{
		Name: "chaining.with.timestamp.mode", Type: property.Boolean, Default: "false", Importance: property.Medium,
		Group: groupWindow, Needs: chainingOnly, Doc: "Go by time and key.",
	}, Set: property.Flag(func(a *apiDraft) *bool { return &a.chainingWindows })},
	{
		Row: row{
			Name: "chaining.with.timestamp.mode.record.ordering", Default: "Global", Choices: choice.Orderings, Importance: property.Medium,
			Group: groupWindow, Needs: "apiN.chaining.with.timestamp.mode=true",
			Doc: "`Global`: time windows, paged by key. `Relative`: on from the last record's time and key.",
		},
		Set: func(a *apiDraft, v property.Value) error {
			a.ordering = OrderingGlobal + Ordering(v.Choice)
			return nil
		},
	},
	windowText("initial.start.timestamp.value", "Begin of the first window: the first `${start_time}`.",
		func(a *apiDraft) *string { return &a.window.Start }),
	windowText("initial.end.timestamp.value", "End of the first window; absent: now. Later windows go on from there.",
		func(a *apiDraft) *string { return &a.window.End }),
	{Row: row{
		Name: "timestamp.format", Aliases: []string{"http.timestamp.format"}, Default: "Unix Timestamp Milliseconds",
		Choices: choice.TimestampFormats, Importance: property.Medium, Group: groupWindow, Needs: windowsOnly,
		Doc: "Format of `${start_time}`, `${end_time}` and the two initial values. Simple dates are `yyyy-MM-dd` and need days.",
	}, Set: property.Pick(func(a *apiDraft) *TimestampFormat { return &a.window.Format })},
	{Row: row{
		Name: "timestamp.interval.format", Aliases: []string{"http.timestamp.interval.format"}, Default: "Seconds",
		Choices: choice.IntervalUnits, Importance: property.Medium, Group: groupWindow, Needs: windowsOnly,
		Doc: "Unit of `http.timestamp.interval`.",
	}, Set: property.Pick(func(a *apiDraft) *IntervalUnit { return &a.window.Unit })},
	{Row: row{
		Name: "http.timestamp.interval", Type: property.Long, Default: "86400", Min: 1, Max: maxWindowSeconds,
		Importance: property.Medium, Group: groupWindow, Needs: windowsOnly,
		Doc: "Length of a window. Absent with days: 1.",
	}, Set: property.Whole(func(a *apiDraft) *int64 { return &a.window.Interval })},
	{Row: row{
		Name: "time.range.request.delay", Type: property.Long, Default: "0", Max: 600000, Importance: property.Medium,
		Group: groupWindow, Needs: windowsOnly, Doc: "How many milliseconds to stay behind now, for records that appear late.",
	}, Set: property.Millis(func(a *apiDraft) *time.Duration { return &a.window.Delay })},
	{
		Row: row{
			Name: "http.timestamp.json.pointer", Importance: property.Medium, Group: groupWindow, Needs: windowsOnly, Valid: validPointer,
			Doc: "Time in the response from which the next window begins; absent: the end of the last.",
		},
		Set: pointer(func(a *apiDraft) **extract.Pointer { return &a.Timestamp }),
	},
}

func windowText(name, doc string, field func(*apiDraft) *string) perAPI {
	return perAPI{Row: row{
		Name: name, Importance: property.Medium, Group: groupWindow, Needs: windowsOnly, Valid: "a time in timestamp.format", Doc: doc,
	}, Set: property.Text(field)}
}

// retryTable is how fast and how often to ask.
var retryTable = []perAPI{
	millis("request.interval.ms", "60000", 0, 0, "Pause between two requests of this API, pages included. Below 100 is taken with a warning.",
		func(a *apiDraft) *time.Duration { return &a.Interval }),
	millis("http.connect.timeout.ms", "30000", 1, 600000, "How long to wait for a connection.",
		func(a *apiDraft) *time.Duration { return &a.ConnectTimeout }),
	millis("http.request.timeout.ms", "30000", 1, 600000, "How long to wait for an answer.",
		func(a *apiDraft) *time.Duration { return &a.RequestTimeout }),
	{Row: row{
		Name: "max.retries", Type: property.Int, Default: "5", Max: 5000, Importance: property.Medium, Group: groupRetry,
		Doc: "How often a failed request is tried again before `behavior.on.error` applies; 0: not at all.",
	}, Set: property.Whole(func(a *apiDraft) *int { return &a.MaxRetries })},
	{Row: row{
		Name: "retry.backoff.policy", Default: "EXPONENTIAL_WITH_JITTER", Choices: choice.Backoffs, Importance: property.Medium, Group: groupRetry,
		Doc: "Whether the waits before retries grow.",
	}, Set: property.Pick(func(a *apiDraft) *Backoff { return &a.Backoff })},
	millis("retry.backoff.ms", "3000", 20, 0, "Wait before the first retry.",
		func(a *apiDraft) *time.Duration { return &a.BackoffBase }),
	{Row: row{
		Name: "retry.on.status.codes", Default: "400-", Blank: true, Importance: property.Medium, Group: groupRetry,
		Valid: validStatusCodes,
		Doc:   "Which answers are tried again. 401, 408, 429, 504 and requests without an answer always are.",
	}, Set: setRetryOn},
}

func millis(name, byDefault string, from, to int64, doc string, field func(*apiDraft) *time.Duration) perAPI {
	return perAPI{Row: row{
		Name: name, Type: property.Int, Default: byDefault, Min: from, Max: to, Importance: property.Medium, Group: groupRetry, Doc: doc,
	}, Set: property.Millis(field)}
}

// responseTable is what to make of an answer.
var responseTable = []perAPI{
	{Row: row{
		Name: "http.response.data.json.pointer", Group: groupResponse, Valid: validPointer,
		Doc: "Where the records are: an array, or one object or value. Absent: the whole response is one record, or an array of them.",
	}, Set: setData},
	{Row: row{
		Name: "http.response.schema.enforce", Default: "NONE", Importance: property.Medium, Group: groupResponse,
		Choices: choices{{Name: "NONE"}, {Name: "STRICT", NotYet: noEnforce}, {Name: "EVOLVE", NotYet: noEnforce}},
		Doc:     "Whether responses must fit a schema.",
	}},
	{Row: row{
		Name: "http.response.schema", Importance: property.Medium, Group: groupResponse, Status: property.NotYet,
		Doc: "Schema of the response, out of an OpenAPI document.", Why: noEnforce,
	}},
	{Row: row{
		Name: "fail.on.response", Importance: property.Low, Group: groupResponse, Status: property.NotYet,
		Doc: "Text that makes an answer a failure.", Why: "leave it out: answers are judged by their status code",
	}},
	idle("http.response.compression.enabled", property.Boolean, "true", property.Accepted, "Ask for compressed answers.", "compressed answers are always taken"),
	idle("should.add.start.delay", property.Boolean, "false", property.Accepted, "Wait an interval before the first request.", "the first request goes out at once"),
	idle("test.api", property.Boolean, "false", property.NoOp, "Switch of the API tester; a running connector does not look at it.", ""),
	idle("test.api.*", property.String, "", property.NoOp, "Values for the API tester.", ""),
}

const noEnforce = "leave it out: schemaless JSON is not checked against a schema"

func idle(name string, t property.Type, byDefault string, status property.Status, doc, why string) perAPI {
	return perAPI{Row: row{
		Name: name, Type: t, Default: byDefault, Importance: property.Low, Group: groupResponse, Doc: doc, Status: status, Why: why,
	}}
}

func setRetryOn(a *apiDraft, v property.Value) error {
	ranges, err := status.Parse(v.Text)
	if err == nil {
		a.RetryOn = ranges.Retried()
	}
	return err
}
