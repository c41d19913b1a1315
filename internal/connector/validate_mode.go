package connector

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/headwater/headwater/internal/connector/property"
)

// kind is an offset mode together with its timestamp mode.
type kind struct {
	title    string
	requires []string // what it cannot do without
	takes    []string // what it makes use of besides
	knows    []string // placeholders
	windows  bool
}

var (
	windowProperties = []string{
		"initial.end.timestamp.value", "timestamp.format", "timestamp.interval.format", "http.timestamp.interval",
		"time.range.request.delay", "http.timestamp.json.pointer",
	}
	cursorProperties = []string{
		"http.cursor.pagination.parameter.name", "is.next.page.token.absolute.url", "enable.cursor.pagination.with.timestamp.mode",
	}
	chainingProperties = []string{"chaining.with.timestamp.mode", "chaining.with.timestamp.mode.record.ordering"}

	simpleKind   = kind{title: "SIMPLE_INCREMENTING", requires: []string{"http.initial.offset"}, knows: []string{"offset"}}
	snapshotKind = kind{title: "SNAPSHOT_PAGINATION", requires: []string{"http.offset.json.pointer"}, knows: []string{"offset"}}
	chainingKind = kind{
		title: "CHAINING", requires: []string{"http.offset.json.pointer"}, takes: chainingProperties[:1], knows: []string{"offset"},
	}
	globalKind = kind{
		title:    "CHAINING with timestamp mode, ordering Global",
		requires: []string{"http.offset.json.primary.key.pointer", "initial.start.timestamp.value"},
		takes: slices.Concat(chainingProperties, windowProperties,
			[]string{"http.chaining.pagination.parameter.name", "http.offset.json.pointer"}),
		knows: []string{"offset", "primary_key", "start_time", "end_time"}, windows: true,
	}
	relativeKind = kind{
		title:    "CHAINING with timestamp mode, ordering Relative",
		requires: []string{"http.offset.json.pointer", "http.offset.json.primary.key.pointer", "http.initial.offset"},
		takes: slices.Concat(chainingProperties,
			[]string{"http.chaining.pagination.parameter.name", "timestamp.format", "time.range.request.delay"}),
		knows: []string{"offset", "primary_key", "start_time", "end_time"},
	}
	cursorKind = kind{
		title: "CURSOR_PAGINATION", requires: []string{"http.next.page.json.pointer"}, takes: cursorProperties, knows: []string{"offset"},
	}
	cursorWindowsKind = kind{
		title:    "CURSOR_PAGINATION with timestamp mode",
		requires: []string{"http.next.page.json.pointer", "initial.start.timestamp.value"},
		takes:    slices.Concat(cursorProperties, windowProperties),
		knows:    []string{"offset", "start_time", "end_time"}, windows: true,
	}
)

// modal are the properties that mean something in some offset modes only.
var modal = slices.Concat(chainingProperties, windowProperties, cursorProperties, []string{
	"http.offset.json.pointer", "http.next.page.json.pointer", "http.chaining.pagination.parameter.name",
	"http.offset.json.primary.key.pointer", "initial.start.timestamp.value",
})

func (c *check) kind() kind {
	switch {
	case c.api.Mode == SimpleIncrementing:
		return simpleKind
	case c.api.Mode == SnapshotPagination:
		return snapshotKind
	case c.api.Mode == CursorPagination && c.api.cursorWindows:
		return cursorWindowsKind
	case c.api.Mode == CursorPagination:
		return cursorKind
	case !c.api.chainingWindows:
		return chainingKind
	case c.api.ordering == OrderingRelative:
		return relativeKind
	}
	return globalKind
}

// mode checks what the offset mode needs and names what it does not look at.
func (c *check) mode() {
	for _, name := range []string{"http.offset.mode", "chaining.with.timestamp.mode.record.ordering"} {
		if c.r.Faulty(c.prefix + name) {
			return
		}
	}
	k := c.kind()
	for _, name := range k.requires {
		needs(c.r, c.prefix+name, k.title)
	}
	for _, name := range modal {
		if c.r.Changed(c.prefix+name) && !slices.Contains(k.requires, name) && !slices.Contains(k.takes, name) {
			c.warn(name, "is not used by "+k.title, "remove it, or see "+c.prefix+"http.offset.mode")
		}
	}
	c.placeholders(k.knows)
	c.fieldless()
	c.placement(k)
	c.window(k)
}

// placement makes sure that what is read from an answer finds its way into the next request.
func (c *check) placement(k kind) {
	switch k.title {
	case simpleKind.title:
		c.wholeOffset()
		c.endless(c.uses("offset"))
	case chainingKind.title, relativeKind.title:
		switch moves := c.uses("offset") || k.title == relativeKind.title && c.uses("start_time"); {
		case c.endless(moves):
		case moves:
			needs(c.r, c.prefix+"http.initial.offset", "CHAINING and ${offset} in a request")
		default:
			c.warn("http.offset.mode", "asks the same thing every time: no template holds ${offset}", "put ${offset} into the path, a parameter or the body")
		}
	case globalKind.title:
		if !c.uses("primary_key") && !(c.given("http.offset.json.pointer") && c.uses("offset")) {
			needs(c.r, c.prefix+"http.chaining.pagination.parameter.name", k.title+" unless a template holds ${primary_key}")
		}
	case cursorKind.title, cursorWindowsKind.title:
		if !c.api.NextIsURL && !c.given("http.cursor.pagination.parameter.name") && !c.uses("offset") {
			c.reject("http.cursor.pagination.parameter.name", property.Problem{
				Text: "is required: the next page's token has no place in a request",
				Hint: "set it to the query parameter's name, or put ${offset} into a template",
			})
		}
	}
}

var wholeNumber = regexp.MustCompile(`^-?[0-9]+$`)

func (c *check) wholeOffset() {
	if !c.given("http.initial.offset") {
		return
	}
	if _, err := strconv.ParseInt(c.api.InitialOffset, 10, 64); err != nil || !wholeNumber.MatchString(c.api.InitialOffset) {
		c.reject("http.initial.offset", property.Problem{
			Text: "is not a whole number, which SIMPLE_INCREMENTING needs", Hint: "write a number, as 0, or choose another http.offset.mode",
		})
	}
}
