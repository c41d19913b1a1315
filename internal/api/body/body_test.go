package body

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/api/shape"
)

func TestOffsets(t *testing.T) {
	for sent, want := range map[string]string{
		`{"offsets":[{"partition":{"url":"u"},"offset":{"offset":7,"end":1.50,"b":true}}]}`: `[{"partition":{"url":"u"},"offset":{"b":"true","end":"1.50","offset":"7"}}]`,
		`{"offsets":[{"partition":{"url":"u"},"offset":null}]}`:                             `[{"partition":{"url":"u"},"offset":null}]`,
		`{"offsets":[{"partition":{"url":"u"}}]}`:                                           `[{"partition":{"url":"u"},"offset":null}]`,
		`{"offsets":[]}`:              "Partitions / offsets need to be provided",
		`{}`:                          "Partitions / offsets need to be provided",
		``:                            "it is empty",
		`{"offsets":[{"offset":{}}]}`: "offsets[0]: the partition of an offset cannot be null or missing",
		`{"offsets":[{"partition":null,"offset":{}}]}`:                             "cannot be null or missing",
		`{"offsets":[{"partition":{"a":[]},"offset":{}}]}`:                         "offsets[0].partition.a: a string or number is needed",
		`{"offsets":[{"partition":{},"offset":{"a":{"b":1}}}]}`:                    "offsets[0].offset.a: a string or number is needed",
		`{"offsets":[{"partition":{"a":"1"}},{"partition":{"a":1}}]}`:              "offsets[1]: the same partition is there twice",
		`{"offsets":[{"partition":{"a":"1"},"more":1}]}`:                           `unknown field "more"`,
		`{"offsets":[{"partition":"a"}]}`:                                          `the value at "/offsets/0/partition" does not belong there`,
		`{"offsets":[{"partition":{"a":"1"},"offset":{"offset":"1","offset":2}}]}`: "duplicate",
	} {
		list, err := Offsets([]byte(sent))
		check(t, sent, list, err, want)
	}
}

func TestOffsetRequest(t *testing.T) {
	for sent, want := range map[string]string{
		`{"type":"DELETE"}`: `[]`,
		`{"type":"DELETE","offsets":[{"partition":{"url":"u"}}]}`: `[]`,
		`{"type":"PATCH","offsets":[{"partition":{"url":"u"}}]}`:  `[{"partition":{"url":"u"},"offset":null}]`,
		`{"type":"PATCH"}`: "Partitions / offsets need to be provided",
		`{"type":"patch"}`: "type must be PATCH or DELETE",
		`{}`:               "type must be PATCH or DELETE",
		`{"type":1}`:       `the value at "/type" does not belong there`,
	} {
		_, list, err := OffsetRequest([]byte(sent))
		check(t, sent, list, err, want)
	}
}

func check(t *testing.T, sent string, list []shape.OffsetChange, err error, want string) {
	t.Helper()
	if err != nil {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", sent, err, want)
		}
		return
	}
	if got, _ := json.Marshal(list); string(got) != want {
		t.Errorf("%s: %s, want %s", sent, got, want)
	}
}

func TestPatch(t *testing.T) {
	change, err := Patch([]byte(`{"a":null,"b":1}`))
	if err != nil || len(change) != 2 || change["a"] != nil || *change["b"] != "1" {
		t.Errorf("%v, %v", change, err)
	}
	if _, err := Patch([]byte(`{"a":{}}`)); !strings.Contains(err.Error(), "configuration a: a string is needed") {
		t.Error(err)
	}
	if _, err := Patch([]byte(`null`)); !strings.Contains(err.Error(), "not null") {
		t.Error(err)
	}
}

func TestLevel(t *testing.T) {
	if level, err := Level([]byte(`{"level":"warn"}`)); level != "WARN" || err != nil {
		t.Errorf("%s, %v", level, err)
	}
	if _, err := Level([]byte(`{"level":"loud"}`)); !errors.Is(err, ErrLevel) {
		t.Error(err)
	}
	for _, sent := range []string{`{}`, `{"level":null}`} {
		if _, err := Level([]byte(sent)); err == nil || err.Error() != "Desired 'level' parameter was not specified in request." {
			t.Errorf("%s: %v", sent, err)
		}
	}
}

// FuzzOffsets reads any body; what is taken reads the same when it is sent again.
func FuzzOffsets(f *testing.F) {
	for _, seed := range []string{
		`{"offsets":[{"partition":{"url":"u"},"offset":{"offset":7}}]}`, `{"offsets":[{"partition":{"\u0000":"u"}}]}`, `[`, `{"offsets":{}}`, ``,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		list, err := Offsets([]byte(sent))
		if err != nil {
			return
		}
		again, _ := json.Marshal(map[string]any{"offsets": list})
		list2, err := Offsets(again)
		one, _ := json.Marshal(list)
		two, _ := json.Marshal(list2)
		if err != nil || string(one) != string(two) {
			t.Errorf("%q came back as %s: %v", sent, two, err)
		}
	})
}
