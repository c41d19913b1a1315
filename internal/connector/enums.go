package connector

import (
	"github.com/headwater/headwater/internal/connector/choice"
	"github.com/headwater/headwater/internal/connector/status"
)

// What the fields of Config and API are made of: packages choice and status say what they mean.
type (
	// Mode is http.offset.mode.
	Mode = choice.Mode
	// OnError is behavior.on.error.
	OnError = choice.OnError
	// Tolerance is errors.tolerance.
	Tolerance = choice.Tolerance
	// ReportAs is report.errors.as.
	ReportAs = choice.ReportAs
	// ReportFormat is reporter.error.topic.value.format.
	ReportFormat = choice.ReportFormat
	// Format is output.data.format.
	Format = choice.Format
	// AuthType is auth.type.
	AuthType = choice.AuthType
	// Backoff is retry.backoff.policy.
	Backoff = choice.Backoff
	// Ordering is chaining.with.timestamp.mode.record.ordering.
	Ordering = choice.Ordering
	// TimestampFormat is timestamp.format.
	TimestampFormat = choice.TimestampFormat
	// IntervalUnit is timestamp.interval.format.
	IntervalUnit = choice.IntervalUnit
	// PollMode is chaining.poll.mode.
	PollMode = choice.PollMode
	// ParentInto is chaining.parent.fields.into.
	ParentInto = choice.ParentInto
	// StatusRange is an inclusive range of HTTP status codes.
	StatusRange = status.Range
	// StatusRanges is retry.on.status.codes and chaining.end.on.status.codes.
	StatusRanges = status.Ranges
)

// Their values.
const (
	SimpleIncrementing, Chaining, CursorPagination = choice.SimpleIncrementing, choice.Chaining, choice.CursorPagination
	SnapshotPagination                             = choice.SnapshotPagination
	Fail, Ignore                                   = choice.Fail, choice.Ignore
	ToleranceNone, ToleranceAll                    = choice.ToleranceNone, choice.ToleranceAll
	ErrorString, HTTPResponse                      = choice.ErrorString, choice.HTTPResponse
	ReportJSON, ReportString                       = choice.ReportJSON, choice.ReportString
	FormatJSON                                     = choice.FormatJSON
	AuthNone, AuthBasic, AuthBearer                = choice.AuthNone, choice.AuthBasic, choice.AuthBearer
	ExponentialWithJitter, ConstantValue           = choice.ExponentialWithJitter, choice.ConstantValue
	OrderingNone, OrderingGlobal, OrderingRelative = choice.OrderingNone, choice.OrderingGlobal, choice.OrderingRelative
	UnixMillis, UnixSeconds, SimpleDate, ISO8601   = choice.UnixMillis, choice.UnixSeconds, choice.SimpleDate, choice.ISO8601
	Seconds, Days                                  = choice.Seconds, choice.Days
	PollOnce, PollContinuous                       = choice.PollOnce, choice.PollContinuous
	ParentIntoHeaders, ParentIntoValue             = choice.ParentIntoHeaders, choice.ParentIntoValue
)

// ParseStatusRanges reads a list of status codes: status.Parse.
func ParseStatusRanges(text string) (StatusRanges, error) { return status.Parse(text) }
