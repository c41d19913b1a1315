package property

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Reader holds a set of properties while tables are applied to it, and collects everything that is wrong.
type Reader struct {
	values, shown map[string]string
	taken         map[string]Row    // names as written that a row has claimed
	written       map[string]string // full name of a row that has a value -> name as written
	changed       map[string]bool   // full names of rows whose value is not their default
	faulty        map[string]bool   // full names of rows that have a fault
	idle          map[string][]string
	faults        []error
	warnings      []Warning
}

// NewReader reads values. shown is what may be seen of them: the same properties before provider references were resolved.
func NewReader(values, shown map[string]string) *Reader {
	return &Reader{
		values: values, shown: shown,
		taken: map[string]Row{}, written: map[string]string{}, idle: map[string][]string{},
		changed: map[string]bool{}, faulty: map[string]bool{},
	}
}

// Apply reads every field's property, its name behind prefix, and stores its value or default in target. A value that is
// refused leaves target as it is.
func Apply[T any](r *Reader, prefix string, fields []Field[T], target *T) {
	for _, f := range fields {
		if isPattern(f.Name) {
			continue
		}
		v, ok := r.take(prefix, f.Row)
		if !ok || f.Set == nil {
			continue
		}
		if err := f.Set(target, v); err != nil {
			r.Reject(prefix+f.Name, asProblem(err))
		}
	}
}

// Given reports whether the row with this full name has a value of its own, under whatever alias.
func (r *Reader) Given(name string) bool { return r.written[name] != "" }

// Changed reports whether it is given and says something else than its default.
func (r *Reader) Changed(name string) bool { return r.changed[name] }

// Faulty reports whether it has been rejected, so that what depends on it need not be looked at.
func (r *Reader) Faulty(name string) bool { return r.faulty[name] }

// Reject adds a fault of the row with this full name.
func (r *Reader) Reject(name string, p Problem) {
	r.faulty[name] = true
	name, value, hidden := r.show(name)
	text := p.Text
	if !hidden {
		text += p.detail()
	}
	r.faults = append(r.faults, &Fault{Property: name, Value: value, Problem: text, Hint: p.Hint})
}

// Warn adds a warning about the row with this full name.
func (r *Reader) Warn(name string, p Problem) {
	name, value, hidden := r.show(name)
	text := p.Text
	if !hidden {
		text += p.detail()
	}
	r.warnings = append(r.warnings, Warning{Property: name, Value: value, Problem: text, Hint: p.Hint})
}

// Claim marks a name as known by row, though no table was applied to it.
func (r *Reader) Claim(name string, row Row) {
	r.taken[name] = row
	r.note(name, row)
}

// Unclaimed returns the names that no row has asked for, sorted.
func (r *Reader) Unclaimed() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.values)) {
		if _, ok := r.taken[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// Finish returns all warnings, and all faults as one error made by errors.Join of *Fault; nil when there is none.
func (r *Reader) Finish() ([]Warning, error) {
	for _, why := range slices.Sorted(maps.Keys(r.idle)) {
		names := r.idle[why]
		r.warnings = append(r.warnings, Warning{Property: strings.Join(names, ", "), Problem: "has no effect", Hint: why})
	}
	clear(r.idle)
	return r.warnings, errors.Join(r.faults...)
}

// show returns a property as it may be shown, and whether its value is hidden.
func (r *Reader) show(name string) (written, value string, hidden bool) {
	if w := r.written[name]; w != "" {
		name = w
	}
	value, given := r.shown[name]
	row, known := r.taken[name]
	switch secret := row.Secret() || (!known && LooksSecret(name)); {
	case name == "":
		return "(no name)", "", true
	case !given || value == "":
		return name, "", false
	case Reference(value):
		return name, value, true
	case secret || credentialed(value) || credential.MatchString(value):
		return name, Hidden, true
	}
	return name, value, value != r.values[name]
}

// credential finds what looks like a secret within a list of headers, parameters or a body. A placeholder is none.
var credential = regexp.MustCompile(`(?i)(authorization|cookie|token|api[-_]?key|secret|password)["']?\s*[:=]\s*["']?[^\s"'$]`)

// credentialed reports whether value is a URL with user information.
func credentialed(value string) bool {
	_, rest, ok := strings.Cut(value, "://")
	authority, _, _ := strings.Cut(rest, "/")
	return ok && strings.Contains(authority, "@")
}

func asProblem(err error) Problem {
	if p, ok := errors.AsType[Problem](err); ok {
		return p
	}
	return Problem{Text: "is not valid", Detail: err.Error(), Hint: "see the reference page of the properties"}
}
