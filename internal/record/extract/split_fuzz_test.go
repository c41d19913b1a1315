package extract

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzSplit holds Split against encoding/json: the same documents are taken, and the same elements come out.
func FuzzSplit(f *testing.F) {
	for _, doc := range []string{
		`{"data":[1,{"a":"b"},null],"next":"x"}`, `{"next":{"data":[]},"data":{"next":1}}`, `[1,2]`, `null`, ` `, `{"data":null}`,
		"\xef\xbb\xbf[]", `[1] 2`, `{"data":[1,]}`, `{"data":[{"id":1},{"id":2}],"n":[[],{}]}`, `"\ud800"`, `{"\u0064ata":[0]}`,
	} {
		f.Add([]byte(doc), "/data", "/next")
	}
	f.Add([]byte(`[{"id":1}]`), "", "/0/id")
	f.Fuzz(func(t *testing.T, doc []byte, data, root string) {
		at, err := ParsePointer(data)
		if err != nil {
			t.Skip()
		}
		beside, err := ParsePointer(root)
		if err != nil {
			t.Skip()
		}
		var got [][]byte
		want := Wanted{Data: at, Root: []Pointer{beside}}
		found, err := Split(iotest.HalfReader(bytes.NewReader(doc)), want, func(raw []byte) error {
			got = append(got, bytes.Clone(raw))
			return nil
		})
		sameInMemory(t, doc, want, got, found, err)
		checkError(t, doc, err)
		if err == nil {
			checkFound(t, bytes.TrimPrefix(doc, []byte(byteOrderMark)), found, got, at, beside)
		}
	})
}

// checkError demands that what encoding/json takes is taken, save what is refused on purpose.
func checkError(t *testing.T, doc []byte, err error) {
	var bad *Malformed
	switch {
	case err == nil:
	case !errors.As(err, &bad) && !errors.Is(err, io.ErrUnexpectedEOF):
		t.Fatalf("%q: unknown kind of error: %v", doc, err)
	case errors.Is(err, errAmbiguous), errors.Is(err, errTooDeep), !utf8.Valid(doc):
	case json.Valid(doc) && jsontext.Value(doc).IsValid(jsontext.AllowDuplicateNames(true)):
		t.Fatalf("%q is valid, but: %v", doc, err)
	}
}

// checkFound compares with a whole-document decode.
func checkFound(t *testing.T, doc []byte, found Found, got [][]byte, data, root Pointer) {
	if len(bytes.Trim(doc, " \t\r\n")) == 0 {
		if found.Data || len(got) > 0 {
			t.Fatalf("%q: %+v", doc, found)
		}
		return
	}
	if !json.Valid(doc) {
		t.Fatalf("%q was taken", doc)
	}
	if !jsontext.Value(doc).IsValid() {
		return // repeated names: which one counts is not ours to compare
	}
	value, ok := lookup(doc, data.tokens)
	want, isData := elements(value, ok)
	if isData != found.Data || len(want) != len(got) || found.Records != len(got) {
		t.Fatalf("%q at %q: got %q, %v; want %q, %v", doc, data, got, found.Data, want, isData)
	}
	for i := range want {
		if !bytes.Equal(want[i], got[i]) {
			t.Fatalf("%q: record %d is %q, want %q", doc, i, got[i], want[i])
		}
	}
	value, ok = lookup(doc, root.tokens)
	if kept, is := found.Root[root.String()]; is != ok || !bytes.Equal(kept, bytes.Trim(value, " \t\r\n")) {
		t.Fatalf("%q at %q: kept %q, want %q, %v", doc, root, kept, value, ok)
	}
}

// lookup follows tokens with encoding/json.
func lookup(doc json.RawMessage, tokens []string) (json.RawMessage, bool) {
	for _, token := range tokens {
		var object map[string]json.RawMessage
		var array []json.RawMessage
		switch {
		case json.Unmarshal(doc, &object) == nil && object != nil:
			value, ok := object[token]
			if !ok {
				return nil, false
			}
			doc = value
		case json.Unmarshal(doc, &array) == nil && array != nil:
			i, ok := index(token, len(array))
			if !ok {
				return nil, false
			}
			doc = array[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

// index reads an array index as RFC 6901 writes it.
func index(token string, n int) (int, bool) {
	var i int
	if json.Unmarshal([]byte(token), &i) != nil || i < 0 || i >= n || token[0] < '0' || token[0] > '9' {
		return 0, false
	}
	back, _ := json.Marshal(i)
	return i, string(back) == token
}

// elements are the records that a value at the data pointer comes to.
func elements(value json.RawMessage, ok bool) ([]json.RawMessage, bool) {
	value = bytes.Trim(value, " \t\r\n")
	if !ok || string(value) == "null" {
		return nil, false
	}
	if value[0] != '[' {
		return []json.RawMessage{value}, true
	}
	var array []json.RawMessage
	_ = json.Unmarshal(value, &array)
	return array, true
}
