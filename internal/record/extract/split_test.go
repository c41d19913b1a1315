package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// pointers compiles every s.
func pointers(t testing.TB, s ...string) []Pointer {
	t.Helper()
	list := make([]Pointer, len(s))
	for i, text := range s {
		p, err := ParsePointer(text)
		if err != nil {
			t.Fatal(err)
		}
		list[i] = p
	}
	return list
}

// split runs Split on doc and returns copies of the records. SplitBytes must come to the same.
func split(t testing.TB, doc, data string, root ...string) ([]string, Found, error) {
	t.Helper()
	records := []string{}
	want := Wanted{Data: pointers(t, data)[0], Root: pointers(t, root...)}
	found, err := Split(strings.NewReader(doc), want, func(raw []byte) error { records = append(records, string(raw)); return nil })
	sameInMemory(t, []byte(doc), want, records, found, err)
	return records, found, err
}

// sameInMemory holds SplitBytes against what Split came to.
func sameInMemory[S ~string | ~[]byte](t testing.TB, doc []byte, want Wanted, records []S, found Found, err error) {
	t.Helper()
	var kept [][]byte
	again, aerr := SplitBytes(doc, want, func(raw []byte) error { kept = append(kept, raw); return nil })
	var bad, badToo *Malformed // of which the text may name a character, or, where a read ends within it, its first byte
	sameFault := errors.As(err, &bad) && errors.As(aerr, &badToo) && bad.Offset == badToo.Offset
	if !sameFault && fmt.Sprint(aerr) != fmt.Sprint(err) || !reflect.DeepEqual(again, found) {
		t.Fatalf("%q: in memory %+v, %v; read %+v, %v", doc, again, aerr, found, err)
	}
	for i := range kept {
		if i >= len(records) || string(kept[i]) != string(records[i]) {
			t.Fatalf("%q: in memory %q, read %q", doc, kept, records)
		}
	}
}

func TestSplitRecords(t *testing.T) {
	tests := map[string]struct {
		doc, data string
		want      []string
		found     bool
	}{
		"WholeArray":      {`[1, {"a":2} ,"x",null]`, "", []string{`1`, `{"a":2}`, `"x"`, `null`}, true},
		"WholeObject":     {` {"a": 1}`, "", []string{`{"a": 1}`}, true},
		"WholeScalar":     {`7`, "", []string{`7`}, true},
		"WholeNull":       {`null`, "", nil, false},
		"Blank":           {" \r\n\t", "", nil, false},
		"Empty":           {"", "/x", nil, false},
		"ByteOrderMark":   {"\xef\xbb\xbf[1]", "", []string{`1`}, true},
		"OnlyMark":        {"\xef\xbb\xbf", "", nil, false},
		"Nested":          {`{"z":[9],"a":{"b":[1,2]},"y":{}}`, "/a/b", []string{"1", "2"}, true},
		"EmptyArray":      {`{"a":[]}`, "/a", nil, true},
		"Null":            {`{"a":null}`, "/a", nil, false},
		"Missing":         {`{"b":[1]}`, "/a", nil, false},
		"ThroughScalar":   {`{"a":1}`, "/a/b", nil, false},
		"ObjectAtPointer": {`{"a":{"b":1}}`, "/a", []string{`{"b":1}`}, true},
		"ByIndex":         {`[[1],[2,3],[4]]`, "/1", []string{"2", "3"}, true},
		"LeadingZero":     {`[[1],[2,3],[4]]`, "/01", nil, false},
		"Escaped":         {`{"a/b~c":[1]}`, "/a~1b~0c", []string{"1"}, true},
		"EscapedInJSON":   {`{"\u0061":[1]}`, "/a", []string{"1"}, true},
		"EmptyName":       {`{"":[1]}`, "/", []string{"1"}, true},
		"NumbersAsText":   {`[1e400,-0,9007199254740993,1.10]`, "", []string{"1e400", "-0", "9007199254740993", "1.10"}, true},
		"InnerSpaceStays": {"[ {\n \"a\" : 1 } ]", "", []string{"{\n \"a\" : 1 }"}, true},
		"RepeatedInside":  {`[{"a":1,"a":2}]`, "", []string{`{"a":1,"a":2}`}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, found, err := split(t, test.doc, test.data)
			if err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) || found.Data != test.found || found.Records != len(test.want) {
				t.Errorf("got %q, data %v, %d records; want %q, %v", got, found.Data, found.Records, test.want, test.found)
			}
		})
	}
}

func TestSplitRoot(t *testing.T) {
	tests := map[string]struct {
		doc, data string
		root      map[string]string // pointer to raw value; "" is not there
		records   int
	}{
		"Before":         {`{"next":"t","data":[1]}`, "/data", map[string]string{"/next": `"t"`}, 1},
		"Behind":         {`{"data":[1,2],"meta":{"next": 12345678901234567890}}`, "/data", map[string]string{"/meta/next": "12345678901234567890"}, 2},
		"Missing":        {`{"data":[1]}`, "/data", map[string]string{"/meta/next": ""}, 1},
		"Null":           {`{"data":[1],"next":null}`, "/data", map[string]string{"/next": "null"}, 1},
		"Object":         {`{"data":[1],"next":{"a": [1]}}`, "/data", map[string]string{"/next": `{"a": [1]}`, "/next/a/0": "1"}, 1},
		"InsideRecord":   {`[{"id":1},{"id":2}]`, "", map[string]string{"/1/id": "2", "/9/id": ""}, 2},
		"InsideObject":   {`{"id":1,"next":"n"}`, "", map[string]string{"/next": `"n"`}, 1},
		"IsData":         {`{"a":[1,2]}`, "/a", map[string]string{"/a": "[1,2]"}, 2},
		"HoldsData":      {`{"m":{"a":[1,2]},"n":0}`, "/m/a", map[string]string{"/m": `{"a":[1,2]}`, "/n": "0", "/m/a/1": "2"}, 2},
		"WholeDocument":  {`{"a":[1]}`, "/a", map[string]string{"": `{"a":[1]}`}, 1},
		"BesideInObject": {`{"d":{"i":[1],"n":"x"}}`, "/d/i", map[string]string{"/d/n": `"x"`}, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var root []string
			for p := range test.root {
				root = append(root, p)
			}
			got, found, err := split(t, test.doc, test.data, root...)
			if err != nil {
				t.Fatal(err)
			}
			for p, want := range test.root {
				if string(found.Root[p]) != want {
					t.Errorf("%q: got %s, want %s", p, found.Root[p], want)
				}
			}
			if len(got) != test.records {
				t.Errorf("got %d records, want %d", len(got), test.records)
			}
		})
	}
}

func TestSplitRefuses(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1)
	tests := map[string]struct{ doc, data, want string }{
		"Trailing":            {`[1] x`, "", "byte 4"},
		"SecondDocument":      {`[1] [2]`, "", "more data follows"},
		"NewlineDelimited":    {"{\"a\":1}\n{\"a\":2}\n", "", "more data follows"},
		"HTML":                {`<html>`, "", "byte 0"},
		"BadUTF8":             {"[\"\xff\"]", "", "UTF-8"},
		"BadUTF8WhereSkipped": {"{\"x\":\"\xff\",\"a\":[]}", "/a", "UTF-8"},
		"LoneSurrogate":       {`["\ud800"]`, "", "surrogate"},
		"NaN":                 {`[NaN]`, "", "byte 1"},
		"LeadingZero":         {`[01]`, "", "byte 2"},
		"TrailingComma":       {`[1,]`, "", "byte 2"},
		"Comment":             {`[1 /* */]`, "", "byte 3"},
		"SingleQuotes":        {`['a']`, "", "byte 1"},
		"TwiceData":           {`{"a":[1],"a":[2]}`, "/a", "repeated"},
		"TwiceOnTheWay":       {`{"a":{"b":[1]},"a":{}}`, "/a/b", "repeated"},
		"DeepRecord":          {deep, "", "nested deeper"},
		"DeepSkipped":         {`{"x":` + deep + `,"a":[]}`, "/a", "nested deeper"},
		"UnevenBrackets":      {`{"a":[1}`, "/a", "byte 7"},
		"BesidePointer":       {`{"rows":[{"a":1},{"a":tru}]}`, "/rows", `"/rows/1/a"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := split(t, test.doc, test.data)
			var bad *Malformed
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want a *Malformed", err)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q does not say %q", err, test.want)
			}
		})
	}
}

// TestSplitCutAnywhere cuts a document at each byte: every cut must show as unexpected end, never as a shorter page.
func TestSplitCutAnywhere(t *testing.T) {
	doc := `{"meta":{"n":[1,"x"]},"data":[{"id":1,"t":"a\u00e9"},{"id":-2.5e3},null,true],"next":"abc"}`
	for n := 1; n < len(doc); n++ {
		_, _, err := split(t, doc[:n], "/data", "/next")
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut after %q: %v", doc[:n], err)
		}
	}
}

// TestSplitTruncatedTransport tells a reader that ends early from a document that ends: a body declared longer than
// what came is a cut body even if what came is a document.
func TestSplitTruncatedTransport(t *testing.T) {
	for _, doc := range []string{"[]", "[1,2,3]", "", "7"} {
		body := io.MultiReader(strings.NewReader(doc), iotest.ErrReader(io.ErrUnexpectedEOF))
		_, err := Split(body, Wanted{}, func([]byte) error { return nil })
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", doc, err)
		}
	}
}

func TestSplitPassesErrorsOn(t *testing.T) {
	boom := errors.New("boom")
	_, err := Split(iotest.ErrReader(boom), Wanted{}, func([]byte) error { return nil })
	if !errors.Is(err, boom) {
		t.Errorf("reader's error: %v", err)
	}
	_, err = Split(strings.NewReader("[1]"), Wanted{}, func([]byte) error { return boom })
	if !errors.Is(err, boom) {
		t.Errorf("emit's error: %v", err)
	}
}

// TestSplitOneByteReads feeds the document byte by byte.
func TestSplitOneByteReads(t *testing.T) {
	doc := "\xef\xbb\xbf" + `{"a":[{"x":"é"},2]} `
	var got []string
	found, err := Split(iotest.OneByteReader(strings.NewReader(doc)), Wanted{Data: pointers(t, "/a")[0]},
		func(raw []byte) error { got = append(got, string(raw)); return nil })
	if err != nil || found.Records != 2 || got[0] != `{"x":"é"}` {
		t.Fatalf("%q %+v %v", got, found, err)
	}
}

func TestSplitValueCap(t *testing.T) {
	long := `"` + strings.Repeat("x", 5000) + `"`
	docs := map[string]string{
		"Record": `{"a":[` + long + `]}`, "Object": `{"a":{"b":` + long + `}}`, "Skipped": `{"x":` + long + `,"a":[]}`,
		"Space": `{"a":[1` + strings.Repeat(" ", 10000) + `]}`, "Name": `{` + long + `:1}`, "Root": `{"r":` + long + `}`,
	}
	for name, doc := range docs {
		t.Run(name, func(t *testing.T) {
			_, err := Split(strings.NewReader(doc), Wanted{Data: pointers(t, "/a")[0], Root: pointers(t, "/r"), MaxValue: 1000},
				func([]byte) error { return nil })
			var bad *Malformed
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), "1000 bytes") {
				t.Errorf("got %v", err)
			}
		})
	}
	_, err := Split(strings.NewReader(`[`+strings.Repeat("1,", 5000)+`1]`), Wanted{MaxValue: 1000}, func([]byte) error { return nil })
	if err != nil {
		t.Errorf("the cap is on single values, not on the page: %v", err)
	}
}

func TestNestsDeeper(t *testing.T) {
	tests := []struct {
		raw  string
		most int
		want bool
	}{
		{`[[[1]]]`, 3, false},
		{`[[[1]]]`, 2, true},
		{`["[[[[[[","\"[[",[1],[2],[3]]`, 2, false},
		{`[[1],[2],[3],[[4]]]`, 2, true},
		{strings.Repeat(`{"a":`, 9) + "1" + strings.Repeat("}", 9), 8, true},
	}
	for _, test := range tests {
		if got := nestsDeeper([]byte(test.raw), test.most); got != test.want {
			t.Errorf("%s in %d: %v", test.raw, test.most, got)
		}
	}
}

// TestSplitKeepsNothing checks that emitted bytes are not changed while emit runs and that Root values are copies.
func TestSplitKeepsNothing(t *testing.T) {
	var doc bytes.Buffer
	doc.WriteString(`{"first":"kept","data":[`)
	for i := range 3000 {
		fmt.Fprintf(&doc, `{"id":%d},`, i)
	}
	doc.WriteString(`0]}`)
	n := 0
	found, err := Split(&doc, Wanted{Data: pointers(t, "/data")[0], Root: pointers(t, "/first")}, func(raw []byte) error {
		if n < 3000 && string(raw) != fmt.Sprintf(`{"id":%d}`, n) {
			return fmt.Errorf("record %d is %s", n, raw)
		}
		n++
		return nil
	})
	if err != nil || n != 3001 || string(found.Root["/first"]) != `"kept"` {
		t.Fatalf("%d records, %s, %v", n, found.Root["/first"], err)
	}
}
