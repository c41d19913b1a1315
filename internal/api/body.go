package api

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// createRequest is the body of POST /connectors, checked.
type createRequest struct {
	name    string
	config  map[string]string
	initial string // a target state, or empty
}

// parseCreate reads the body of POST /connectors. Fields that we do not know are refused, as Connect does.
func parseCreate(body []byte) (createRequest, error) {
	var v struct {
		Name    string         `json:"name"`
		Config  jsontext.Value `json:"config"`
		Initial *string        `json:"initial_state"`
	}
	if err := decode(body, &v); err != nil {
		return createRequest{}, err
	}
	if v.Config == nil {
		return createRequest{}, badBody(errors.New("config is missing"))
	}
	config, err := parseConfig(v.Config)
	if err != nil {
		return createRequest{}, err
	}
	initial, err := initialTarget(v.Initial)
	return createRequest{strings.TrimSpace(v.Name), config, initial}, err
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
	return "", badBody(fmt.Errorf("initial_state %q is none of RUNNING, PAUSED, STOPPED", *state))
}

// parseConfig reads a flat object of properties. Numbers and booleans stand for their text, as with Connect; a null is a
// fault, as it is in Connect's validation.
func parseConfig(body []byte) (map[string]string, error) {
	var v map[string]jsontext.Value
	if err := decode(body, &v); err != nil {
		return nil, err
	}
	if v == nil {
		return nil, badBody(errors.New("an object of properties was expected, not null"))
	}
	config := make(map[string]string, len(v))
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(v)) {
		text, wrong := scalar(v[name])
		if wrong != "" {
			faults = append(faults, fmt.Sprintf("Invalid value for configuration %s: %s", name, wrong))
		}
		config[name] = text
	}
	if faults != nil {
		return nil, Invalid(faults...)
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

func decode(body []byte, into any) error {
	if len(body) == 0 {
		return badBody(errors.New("it is empty"))
	}
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		return badBody(err)
	}
	return nil
}

// badBody is a 400. Connect answers 500 here, but the fault is the client's, and alarms on 5xx should stay meaningful.
func badBody(err error) *Error {
	text := err.Error()
	if e, ok := errors.AsType[*json.SemanticError](err); ok { // its own text speaks of Go types
		text = fmt.Sprintf("the value at %q does not belong there", e.JSONPointer)
		if errors.Is(err, json.ErrUnknownName) {
			text = fmt.Sprintf("unknown field %q", e.JSONPointer.LastToken())
		}
	}
	return &Error{http.StatusBadRequest, "The request body is not as expected: " + text}
}
