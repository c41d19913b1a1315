package property

import "strings"

// take finds the value of row's property behind prefix, under its name or an alias, and checks it. It returns false when
// there is nothing to store.
func (r *Reader) take(prefix string, row Row) (Value, bool) {
	var given []string
	for _, name := range append([]string{row.Name}, row.Aliases...) {
		text, ok := r.values[prefix+name]
		if !ok {
			continue
		}
		r.taken[prefix+name] = row
		if row.Blank || strings.TrimSpace(text) != "" {
			given = append(given, prefix+name)
		}
	}
	if len(given) == 0 {
		return r.absent(prefix, row)
	}
	r.written[prefix+row.Name] = given[0]
	return r.present(prefix, row, given)
}

func (r *Reader) absent(prefix string, row Row) (Value, bool) {
	if row.Required {
		hint := "set " + prefix + row.Name
		if expects := row.Expects(); expects != "" {
			hint += "; valid is " + expects
		}
		r.Reject(prefix+row.Name, Problem{Text: "is required", Hint: hint})
		return Value{}, false
	}
	if row.Default == "" {
		return Value{}, false
	}
	v, err := row.read(row.Default)
	if err == nil && len(row.Choices) > 0 && row.Choices[v.Choice].NotYet != "" {
		r.Reject(prefix+row.Name, Problem{
			Text: "is absent, which means " + v.Text + ", and that is not supported yet",
			Hint: row.Choices[v.Choice].NotYet,
		})
		return Value{}, false
	}
	return v, err == nil
}

func (r *Reader) present(prefix string, row Row, given []string) (Value, bool) {
	full := prefix + row.Name
	v, err := r.readOne(row, given[0])
	if err != nil {
		r.Reject(full, asProblem(err))
		return Value{}, false
	}
	for _, other := range given[1:] {
		if o, err := r.readOne(row, other); err != nil || o != v {
			r.Reject(full, Problem{Text: "is set to something else by " + other, Hint: "these are one property: keep one of them"})
			return Value{}, false
		}
	}
	if row.Secret() && Reference(v.Text) {
		r.Warn(full, Problem{
			Text: "is a provider reference that nobody resolves, and would be sent as it stands",
			Hint: "name its provider in the worker's config.providers",
		})
	}
	byDefault, _ := row.read(row.Default)
	r.changed[full] = v != byDefault
	return v, r.allowed(full, row, v)
}

func (r *Reader) readOne(row Row, name string) (Value, error) {
	text := strings.TrimSpace(r.values[name])
	switch {
	case text == "":
		return Value{}, nil
	case row.Secret() && text == Hidden:
		return Value{}, Problem{
			Text: "is the mask of a secret and not the secret itself",
			Hint: "put the secret in place of ***, or a provider reference as ${file:path:key}",
		}
	}
	return row.read(text)
}

// allowed reports whether the value can be used, and says so when it cannot.
func (r *Reader) allowed(full string, row Row, v Value) bool {
	if len(row.Choices) > 0 && row.Choices[v.Choice].NotYet != "" {
		r.Reject(full, Problem{Text: "is not supported yet", Hint: row.Choices[v.Choice].NotYet})
		return false
	}
	if row.Status == NotYet {
		if !r.changed[full] {
			return true
		}
		r.Reject(full, Problem{Text: "is not supported yet", Hint: row.Why})
		return false
	}
	if r.changed[full] {
		r.note(r.written[full], row)
	}
	return true
}

// note remembers a property that is set to no effect.
func (r *Reader) note(written string, row Row) {
	if row.Status == Accepted {
		r.idle[row.Why] = append(r.idle[row.Why], written)
	}
}
