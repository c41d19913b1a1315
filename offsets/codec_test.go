package offsets

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// golden holds one offset record a file: the key, a line break, the value.
var golden = []struct {
	file string
	p    Partition
	o    Offset
}{
	{"simple", Partition{"github-issues", "https://api.github.com/repos/apache/kafka/issues/${offset}"}, Offset{Offset: "41", Next: "42"}},
	{"cursor-tail", Partition{"gcs", "http://host:4443/storage/v1/b/test-bucket/o"}, Offset{Offset: "T3", Seen: "AQAAAAAAAAAB"}},
	{"window", Partition{"zoom", "https://api.zoom.us/recordings"}, Offset{Offset: "x", StartTime: "2024-01-01", EndTime: "2024-01-08"}},
	{"window-end", Partition{"zoom", "https://api.zoom.us/recordings#api2"}, Offset{StartTime: "2024-01-08", Seen: "AQAAAAAAAAAB"}},
	{"relative", Partition{"snow", "https://inst.example.com/api/now/table/incident"}, Offset{Offset: "2024-01-01 00:00:00", PrimaryKey: "a\"b"}},
	{"unknown-fields", Partition{"späte \U0001F600", "https://x/ü?a=<b>&c"}, Offset{Offset: "é\u2028\x01", Next: "7", Extra: map[string]string{
		"page": "12", "etag": `"W/\"1\""`, "cursor": "null", "last_modified": `{"a": [1.50]}`, "timestamp": "true",
	}}},
}

func TestGolden(t *testing.T) {
	for _, g := range golden {
		t.Run(g.file, func(t *testing.T) {
			m := Message("connect-offsets", g.p, g.o)
			path := filepath.Join("testdata", g.file+".golden")
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.WriteFile(path, []byte(string(m.Key)+"\n"+string(m.Value)+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(m.Key) + "\n" + string(m.Value) + "\n"; got != string(want) {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			key, value, _ := strings.Cut(strings.TrimSuffix(string(want), "\n"), "\n")
			p, ours, err := DecodeKey([]byte(key))
			if p != g.p || !ours || err != nil {
				t.Errorf("key came back as %v, %v, %v", p, ours, err)
			}
			o, err := Decode([]byte(value))
			if !reflect.DeepEqual(o, g.o) || err != nil {
				t.Errorf("value came back as %v, %v, want %v", o, err, g.o)
			}
		})
	}
}

func TestDecodeTakesWhatPeopleAndToolsWrite(t *testing.T) {
	tests := []struct {
		value string
		want  Offset
	}{
		{`{"offset":"10"}`, Offset{Offset: "10"}},
		{`{"offset":10}`, Offset{Offset: "10"}},
		{"{ \"offset\" :\n1647948000000123456789 }", Offset{Offset: "1647948000000123456789"}},
		{`{"offset":1.50}`, Offset{Offset: "1.50"}},
		{`{"offset":""}`, Offset{}},
		{`{"offset":"a","next":null,"seen":""}`, Offset{Offset: "a"}},
		{`{"offset":"1","start_time":1704067200}`, Offset{Offset: "1", StartTime: "1704067200"}},
		{`{"off\u0073et":"\u00e9\uD83D\uDE00"}`, Offset{Offset: "é\U0001F600"}},
		{`{"offset":"1","page":{"n":[1.0]}}`, Offset{Offset: "1", Extra: map[string]string{"page": `{"n":[1.0]}`}}},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			got, err := Decode([]byte(tt.value))
			if err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// A value that is not understood must never pass for "no offset": the source would start over.
func TestDecodeRefuses(t *testing.T) {
	for _, value := range []string{
		"", "null", "7", `"10"`, "[]", "{}", "{", `{"offset":null}`, `{"offset":true}`, `{"offset":["1"]}`, `{"offset":{"a":1}}`,
		`{"offset":"1","offset":"2"}`, `{"offset":"1"}x`, `{"offset":"1"}{}`, `{"offset":"1","next":[1]}`, `{"offset":"\ud83d"}`,
		"{\"offset\":\"\xff\"}", `{"position":"1"}`, `{"offset":"1","seen":false}`,
	} {
		if o, err := Decode([]byte(value)); err == nil || errors.Is(err, ErrForgotten) {
			t.Errorf("%s was taken for %+v, %v", value, o, err)
		}
	}
	if _, err := Decode(nil); !errors.Is(err, ErrForgotten) {
		t.Errorf("a tombstone gave %v", err)
	}
}

func TestDecodeKey(t *testing.T) {
	tests := []struct {
		key  string
		want Partition
		ours bool
		fail bool
	}{
		{key: `["c",{"url":"u"}]`, want: Partition{"c", "u"}, ours: true},
		{key: ` [ "c" , { "\u0075rl" : "\u0075" } ] `, want: Partition{"c", "u"}, ours: true},
		{key: `["c",null]`},
		{key: `["c",{}]`},
		{key: `["c",{"url":"u","api":"api2"}]`},
		{key: `["c",{"url":7}]`},
		{key: `["c",{"api":"orders"}]`},
		{key: `["c"]`, fail: true},
		{key: `["c",{"url":"u"},1]`, fail: true},
		{key: `{"c":1}`, fail: true},
		{key: `[7,{"url":"u"}]`, fail: true},
		{key: `["c",["url","u"]]`, fail: true},
		{key: `["c",{"url":"u"}`, fail: true},
		{key: `["c",{"url":"u"}]]`, fail: true},
		{key: ``, fail: true},
	}
	for _, tt := range tests {
		t.Run(tt.key, func(t *testing.T) {
			got, ours, err := DecodeKey([]byte(tt.key))
			if got != tt.want || ours != tt.ours || (err != nil) != tt.fail {
				t.Errorf("got %v, %v, %v", got, ours, err)
			}
		})
	}
}

func TestTombstone(t *testing.T) {
	p := Partition{"c", "u"}
	if m := Tombstone("t", p); m.Value != nil || string(m.Key) != string(Key(p)) || m.Topic != "t" {
		t.Errorf("got %+v", m)
	}
}

func TestPartitions(t *testing.T) {
	var got []string
	for _, p := range Partitions("c", []string{"x#api3", "x", "x", "y", "x"}) {
		if p.Connector != "c" {
			t.Errorf("connector %q", p.Connector)
		}
		got = append(got, p.URL)
	}
	if want := "x#api3 x x#api3#api3 y x#api5"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		o := Offset{text.Draw(t, "offset"), text.Draw(t, "start"), text.Draw(t, "end"), text.Draw(t, "pk"), text.Draw(t, "next"), text.Draw(t, "seen"), nil}
		for _, name := range rapid.SliceOfDistinct(rapid.StringMatching(`x[a-zé]{0,5}`), rapid.ID).Draw(t, "extra") {
			if o.Extra == nil {
				o.Extra = map[string]string{}
			}
			o.Extra[name] = rapid.SampledFrom([]string{"1", "null", `"a\/b"`, "[1, 2]"}).Draw(t, name)
		}
		before := maps.Clone(o.Extra)
		back, err := Decode(Value(o))
		if err != nil || !reflect.DeepEqual(back, o) || !maps.Equal(before, o.Extra) {
			t.Fatalf("%+v came back as %+v, %v", o, back, err)
		}
		p := Partition{text.Draw(t, "connector"), text.Draw(t, "url")}
		if q, ours, err := DecodeKey(Key(p)); q != p || !ours || err != nil {
			t.Fatalf("%+v came back as %+v, %v, %v", p, q, ours, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"offset":"1","next":2,"seen":"","x":[1]}`))
	f.Add([]byte(`{"offset":1e999}`))
	f.Fuzz(func(t *testing.T, value []byte) {
		o, err := Decode(value)
		if err != nil {
			return
		}
		if back, err := Decode(Value(o)); err != nil || !reflect.DeepEqual(back, o) {
			t.Fatalf("%s is %+v, then %+v, %v", value, o, back, err)
		}
	})
}

func FuzzDecodeKey(f *testing.F) {
	f.Add([]byte(`["c",{"url":"u"}]`))
	f.Add([]byte(`["c",null]`))
	f.Fuzz(func(t *testing.T, key []byte) {
		p, ours, err := DecodeKey(key)
		if err != nil || !ours {
			return
		}
		if q, ours, err := DecodeKey(Key(p)); q != p || !ours || err != nil {
			t.Fatalf("%s is %+v, then %+v, %v", key, p, q, err)
		}
	})
}
