// Package body reads the bodies of requests. Whatever comes, the answer is a value or an error in words for the client;
// every error of this package is the client's fault.
package body

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Faults are the faults of a configuration, one a line.
type Faults []string

// Error implements error.
func (f Faults) Error() string { return strings.Join(f, "\n") }

// CreateRequest is the body of POST /connectors, checked.
type CreateRequest struct {
	Name    string
	Config  map[string]string
	Initial string // a target state, or empty
}

// Create reads the body of POST /connectors. Fields that we do not know are refused, as Connect does.
func Create(sent []byte) (CreateRequest, error) {
	var v struct {
		Name    string         `json:"name"`
		Config  jsontext.Value `json:"config"`
		Initial *string        `json:"initial_state"`
	}
	if err := Decode(sent, &v); err != nil {
		return CreateRequest{}, err
	}
	if v.Config == nil {
		return CreateRequest{}, bad("config is missing")
	}
	config, err := Config(v.Config)
	if err != nil {
		return CreateRequest{}, err
	}
	initial, err := initialTarget(v.Initial)
	return CreateRequest{strings.TrimSpace(v.Name), config, initial}, err
}

func initialTarget(state *string) (string, error) {
	if state == nil {
		return "", nil
	}
	switch s := strings.ToUpper(*state); s {
	case "RUNNING":
		return "STARTED", nil
	case "PAUSED", "STOPPED":
		return s, nil
	}
	return "", bad(fmt.Sprintf("initial_state %q is none of RUNNING, PAUSED, STOPPED", *state))
}

// Config reads a flat object of properties. Numbers and booleans stand for their text, as with Connect; a null is a
// fault, as it is in Connect's validation. The error may be Faults.
func Config(sent []byte) (map[string]string, error) {
	patch, err := properties(sent, func(raw jsontext.Value) bool { return false })
	if err != nil {
		return nil, err
	}
	config := make(map[string]string, len(patch))
	for name, value := range patch {
		config[name] = *value
	}
	return config, nil
}

// Patch reads a change of properties: a nil value takes the property away (KIP-477). The error may be Faults.
func Patch(sent []byte) (map[string]*string, error) {
	return properties(sent, func(raw jsontext.Value) bool { return raw.Kind() == 'n' })
}

// properties reads a flat object; a value that removes says of is nil in what is returned.
func properties(sent []byte, removes func(jsontext.Value) bool) (map[string]*string, error) {
	var v map[string]jsontext.Value
	if err := Decode(sent, &v); err != nil {
		return nil, err
	}
	if v == nil {
		return nil, bad("an object of properties was expected, not null")
	}
	config := make(map[string]*string, len(v))
	var faults Faults
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if removes(v[name]) {
			config[name] = nil
			continue
		}
		text, wrong := scalar(v[name])
		if wrong != "" {
			faults = append(faults, fmt.Sprintf("Invalid value for configuration %s: %s", name, wrong))
		}
		config[name] = &text
	}
	if faults != nil {
		return nil, faults
	}
	return config, nil
}

// scalar returns the text of a property, or what is wrong with it.
func scalar(raw jsontext.Value) (text, wrong string) {
	switch raw.Kind() {
	case '"':
		plain, _ := jsontext.AppendUnquote(nil, raw) // the decoder has checked it
		return string(plain), ""
	case '0', 't', 'f':
		return string(raw), ""
	case 'n':
		return "", "Null value can not be supplied as the configuration value."
	}
	return "", "a string is needed, not an object or array"
}

// Decode reads JSON into a value; members that it does not know, and members given twice, are refused.
func Decode(sent []byte, into any) error {
	if len(sent) == 0 {
		return bad("it is empty")
	}
	err := json.Unmarshal(sent, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	text := err.Error()
	if e, ok := errors.AsType[*json.SemanticError](err); ok { // its own text speaks of Go types
		text = fmt.Sprintf("the value at %q does not belong there", e.JSONPointer)
		if errors.Is(err, json.ErrUnknownName) {
			text = fmt.Sprintf("unknown field %q", e.JSONPointer.LastToken())
		}
	}
	return bad(text)
}

// refusal is an error in words for the client.
type refusal string

// Error implements error.
func (r refusal) Error() string { return string(r) }

func bad(text string) error { return refusal("The request body is not as expected: " + text) }
