package extract

import (
	"encoding/json"
	"testing"
)

// The document of RFC 6901, section 5, with a few more places.
const rfcDocument = ` { "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7,
	"m~n": 8, "deep": [{"x": [[], {"y": "}]\"z"}]}, null, true], "\u0065sc": -1.50e+300, "10": "ten" } `

func TestLookup(t *testing.T) {
	tests := []struct {
		pointer, want string
		missing       bool
	}{
		{pointer: "/foo", want: `["bar", "baz"]`},
		{pointer: "/foo/0", want: `"bar"`},
		{pointer: "/foo/1", want: `"baz"`},
		{pointer: "/", want: "0"},
		{pointer: "/a~1b", want: "1"},
		{pointer: "/c%d", want: "2"},
		{pointer: "/e^f", want: "3"},
		{pointer: "/g|h", want: "4"},
		{pointer: `/i\j`, want: "5"},
		{pointer: `/k"l`, want: "6"},
		{pointer: "/ ", want: "7"},
		{pointer: "/m~0n", want: "8"},
		{pointer: "/deep/0/x/1/y", want: `"}]\"z"`},
		{pointer: "/deep/1", want: "null"},
		{pointer: "/deep/2", want: "true"},
		{pointer: "/esc", want: "-1.50e+300"},
		{pointer: "/10", want: `"ten"`},
		{pointer: "/foo/2", missing: true},
		{pointer: "/foo/-", missing: true},
		{pointer: "/foo/00", missing: true},
		{pointer: "/foo/+1", missing: true},
		{pointer: "/foo/0/x", missing: true},
		{pointer: "/foo/99999999999999999999", missing: true},
		{pointer: "/none", missing: true},
		{pointer: "/deep/0/x/0/0", missing: true},
	}
	for _, tt := range tests {
		t.Run(tt.pointer, func(t *testing.T) {
			p, err := ParsePointer(tt.pointer)
			if err != nil {
				t.Fatal(err)
			}
			got, found, err := p.Lookup([]byte(rfcDocument))
			if err != nil || found == tt.missing || string(got) != tt.want {
				t.Errorf("got %s, %v, %v, want %s", got, found, err, tt.want)
			}
		})
	}
}

func TestLookupOfTheWholeDocument(t *testing.T) {
	got, found, err := Pointer{}.Lookup([]byte(" 17 "))
	if string(got) != "17" || !found || err != nil {
		t.Errorf("got %q, %v, %v", got, found, err)
	}
}

func TestScalar(t *testing.T) {
	tests := []struct {
		raw, want string
		missing   bool
		fails     bool
	}{
		{raw: `"a\u0041\n\ud83d\ude00"`, want: "aA\n\U0001F600"},
		{raw: `1647948000000`, want: "1647948000000"},
		{raw: `12345678901234567890123`, want: "12345678901234567890123"},
		{raw: ` 1.50e2 `, want: "1.50e2"},
		{raw: `true`, want: "true"},
		{raw: `false`, want: "false"},
		{raw: `""`, want: ""},
		{raw: `null`, missing: true},
		{raw: ``, missing: true},
		{raw: `{}`, missing: true, fails: true},
		{raw: `[1]`, missing: true, fails: true},
		{raw: `"\ud83d"`, want: "\ufffd", missing: true, fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.raw, func(t *testing.T) {
			got, found, err := Scalar([]byte(tt.raw))
			if got != tt.want || found == tt.missing || (err != nil) != tt.fails {
				t.Errorf("got %q, %v, %v", got, found, err)
			}
		})
	}
}

// FuzzLookup holds Lookup against a decoder that builds the whole tree.
func FuzzLookup(f *testing.F) {
	for _, p := range []string{"/foo/1", "", "/deep/0/x/1/y", "/esc", "/-", "/0"} {
		f.Add(p, []byte(rfcDocument))
	}
	f.Add("/a", []byte(`{"a"`))
	f.Add("/0", []byte(`[1,,2`))
	f.Fuzz(func(t *testing.T, pointer string, raw []byte) {
		p, err := ParsePointer(pointer)
		if err != nil {
			return
		}
		got, found, err := p.Lookup(raw)
		var want any
		if json.Unmarshal(raw, &want) != nil {
			return // not checked before: it must only not panic
		}
		if err != nil {
			t.Fatalf("%s in %s: %v", pointer, raw, err)
		}
		if found && !json.Valid(got) {
			t.Fatalf("%s in %s gave %s", pointer, raw, got)
		}
		if _, _, err := Scalar(got); err == nil && len(got) > 0 && (got[0] == '{' || got[0] == '[') {
			t.Fatalf("%s is no scalar", got)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	raw := []byte(rfcDocument)
	p, _ := ParsePointer("/deep/0/x/1/y")
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, found, _ := p.Lookup(raw); !found {
			b.Fatal("not found")
		}
	}
}
