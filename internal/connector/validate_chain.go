package connector

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/headwater/headwater/internal/connector/form"
	"github.com/headwater/headwater/internal/connector/property"
)

// chaining collects a child's placeholders, or takes away what has no meaning for another API.
func (c *check) chaining() {
	if !c.api.Child {
		c.unchained()
		return
	}
	c.api.Placeholders = c.fields()
	if len(c.api.EndOn) > 0 {
		c.api.RetryOn = c.api.RetryOn.Without(c.api.EndOn)
	}
	if openHost.MatchString(c.api.Path) {
		c.reject("http.api.path", property.Problem{
			Text: "has a placeholder in the host, so that a record could lead requests to any other", Hint: "write the host out",
		})
	}
	if c.api.PollMode != PollContinuous {
		c.idle("chaining.repoll.interval.ms", "is not used by chaining.poll.mode=ONCE", "set "+c.prefix+"chaining.poll.mode=CONTINUOUS")
	}
	if len(c.api.ParentFields) == 0 {
		c.idle("chaining.parent.fields.into", "has no effect: no fields are named", "set "+c.prefix+"chaining.parent.fields")
	}
}

// openHost is a path that is, or may become, a whole URL and leaves its scheme or host to a value.
var openHost = regexp.MustCompile(`^(https?://[^/?]*\{|[^/?{]*\{[^}]*\}[^/?]*://)`)

func (c *check) idle(name, text, hint string) {
	if c.r.Changed(c.prefix + name) {
		c.warn(name, text, hint)
	}
}

// unchained names what is set in vain, unless it may be the chains that are wrong.
func (c *check) unchained() {
	if !c.r.Faulty(chainsProperty) {
		for _, f := range chainTable {
			c.idle(f.Name, fmt.Sprintf("has no effect: api%d has no parent", c.api.N), "name its parent in "+chainsProperty)
		}
	}
	a := &c.api.API
	a.PollMode, a.Repoll, a.InFlight, a.EndOn, a.ParentFields, a.ParentInto = PollOnce, 0, 0, nil, nil, ParentIntoHeaders
}

// reserved are the placeholders that never stand for a field.
var reserved = []string{"offset", "start_time", "end_time", "primary_key"}

// fields are the names in the templates that are to be found in a parent record. The names of lists' entries are no
// templates, and a path ends at its first question mark.
func (c *check) fields() []string {
	path, query, _ := strings.Cut(c.api.Path, "?")
	texts := []string{path, query, c.api.Body}
	for _, p := range slices.Concat(c.api.Parameters, c.api.Headers) {
		texts = append(texts, p.Value)
	}
	for _, h := range c.api.SensitiveHeaders {
		texts = append(texts, h.Value.Reveal())
	}
	var names []string
	add := func(text, self string) {
		for _, name := range form.Placeholders(text) {
			if form.Field(name) && !slices.Contains(reserved, name) && (name == self || !c.parameter(name)) {
				names = append(names, name)
			}
		}
	}
	for _, text := range texts {
		add(text, "")
	}
	for _, p := range c.api.PathParameters {
		add(p.Value, p.Name) // id:${id} is the field id
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// fieldless refuses a child that nothing of its parent finds its way into.
func (c *check) fieldless() {
	if !c.api.Child || len(c.api.Placeholders) > 0 {
		return
	}
	for _, t := range c.templates() {
		if c.r.Faulty(c.prefix + t.property) {
			return
		}
	}
	c.reject("http.api.path", property.Problem{
		Text: "belongs to a child, and no template holds a field of its parent: the same would be asked once for every record",
		Hint: fmt.Sprintf("put a field in, as /users/${id}/places, or take api%d out of %s", c.api.N, chainsProperty),
	})
}

// endless refuses a child whose requests are all the same: the end of its pages would never be seen.
func (c *check) endless(moves bool) bool {
	if !c.api.Child || moves {
		return false
	}
	c.reject("http.offset.mode", property.Problem{
		Text: "asks for the first page for ever, and a child's pages must end: no template holds ${offset}",
		Hint: "put ${offset} into the path, a parameter or the body; for an API of one page, " +
			"SNAPSHOT_PAGINATION with http.offset.json.pointer at its records' key",
	})
	return true
}
