package configs

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/headwater/headwater/internal/connectjson"
)

// properties writes a connector's or task's record. Connect's own order is that of a hash map and means nothing; ours is
// that of the names, so that the same configuration gives the same bytes.
func properties(config map[string]string) []byte {
	members := make([]connectjson.Member, 0, len(config))
	for _, name := range slices.Sorted(maps.Keys(config)) {
		members = append(members, connectjson.Member{Name: name, Value: connectjson.AppendString(nil, config[name])})
	}
	return append(connectjson.AppendObject([]byte(`{"properties":`), members...), '}')
}

func count(field string, n int) []byte {
	return []byte(`{"` + field + `":` + strconv.Itoa(n) + `}`)
}

func targetState(t Target) []byte {
	old := t
	if t == Stopped { // unknown to readers before 3.5
		old = Paused
	}
	return []byte(`{"state":"` + string(old) + `","state.v2":"` + string(t) + `"}`)
}

func session(k SessionKey) []byte {
	b := connectjson.AppendString([]byte(`{"key":`), base64.StdEncoding.EncodeToString(k.Key))
	b = connectjson.AppendString(append(b, `,"algorithm":`...), k.Algorithm)
	b = append(b, `,"creation-timestamp":`...)
	return append(strconv.AppendInt(b, k.Created, 10), '}')
}

// decode reads a JSON object leniently: unknown fields pass, as do the lone surrogates that Java strings can hold.
func decode(value []byte, into any) error {
	if value == nil {
		return errors.New("a null value means nothing here")
	}
	return json.Unmarshal(value, into, jsontext.AllowInvalidUTF8(true))
}

func parseProperties(value []byte) (map[string]string, error) {
	var v struct {
		Properties map[string]*string `json:"properties"`
	}
	if err := decode(value, &v); err != nil {
		return nil, err
	}
	if v.Properties == nil {
		return nil, errors.New("properties is missing")
	}
	config := make(map[string]string, len(v.Properties))
	for name, text := range v.Properties {
		if text != nil {
			config[name] = *text
		}
	}
	return config, nil
}

func parseCount(value []byte, field string) (int, error) {
	var v map[string]jsontext.Value
	if err := decode(value, &v); err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(string(v[field]), 10, 32) // Connect casts: 2.0 and "2" are no counts
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s must be a whole number from 0 to %d", field, math.MaxInt32)
	}
	return int(n), nil
}

// parseTarget prefers state.v2; where that is absent or no string, state counts.
func parseTarget(value []byte) (Target, error) {
	var v struct {
		State any `json:"state"`
		V2    any `json:"state.v2"`
	}
	if err := decode(value, &v); err != nil {
		return "", err
	}
	text, ok := v.V2.(string)
	if !ok {
		text, ok = v.State.(string)
	}
	switch t := Target(text); {
	case ok && (t == Started || t == Paused || t == Stopped):
		return t, nil
	case ok:
		return "", fmt.Errorf("state %q is none of STARTED, PAUSED, STOPPED", text)
	}
	return "", errors.New("state is missing")
}

func parseSession(value []byte) (SessionKey, error) {
	var v struct {
		Key       *string `json:"key"`
		Algorithm *string `json:"algorithm"`
		Created   *int64  `json:"creation-timestamp"`
	}
	if err := decode(value, &v); err != nil {
		return SessionKey{}, errors.New("no session key") // the cause could quote the key
	}
	if v.Key == nil || v.Algorithm == nil || v.Created == nil {
		return SessionKey{}, errors.New("key, algorithm and creation-timestamp must be there")
	}
	key, err := base64.StdEncoding.DecodeString(*v.Key)
	if err != nil {
		return SessionKey{}, errors.New("key is not base64")
	}
	return SessionKey{Key: key, Algorithm: *v.Algorithm, Created: *v.Created}, nil
}
