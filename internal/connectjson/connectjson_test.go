package connectjson

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// The vectors were taken from a running Kafka Connect.
func TestAppendStringWritesJacksonsBytes(t *testing.T) {
	tests := []struct{ name, in, wantHex string }{
		{
			"escapes", "a/b<c>&'\"\\\b\t\n\f\r\x00\x0b\x1f\x7f\u2028\u2029é中",
			"5b22612f623c633e26275c225c5c5c625c745c6e5c665c725c75303030305c75303030425c75303031467fe280a8e280a9c3a9e4b8ad225d",
		},
		{"above the BMP", "\U0001F600", "5b225c75443833445c7544453030225d"},
		{"empty", "", "5b22225d"},
		{"no UTF-8", "a\xffb", hex.EncodeToString([]byte("[\"a\ufffdb\"]"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := AppendArray(nil, AppendString(nil, tt.in))
			if hex.EncodeToString(got) != tt.wantHex {
				t.Errorf("AppendString(%q) = %s, want %s", tt.in, hex.EncodeToString(got), tt.wantHex)
			}
		})
	}
}

func TestAppendObjectAndArray(t *testing.T) {
	object := AppendObject(nil, Member{"url", AppendString(nil, "https://x")}, Member{"n", []byte("1")})
	got := string(AppendArray([]byte("> "), AppendString(nil, "my-http"), object))
	if want := `> ["my-http",{"url":"https://x","n":1}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(AppendArray(AppendObject(nil))); got != "{}[]" {
		t.Errorf("empty object and array: %s", got)
	}
}

func TestSortHashMap(t *testing.T) {
	tests := []struct{ in, want string }{
		{"url method", "method url"},
		{"api url", "api url"},
		{"endpoint path", "path endpoint"},
		{"kafka_topic kafka_partition", "kafka_partition kafka_topic"},
		{"url page", "page url"},
		{"api partition", "partition api"},
		{"name id", "name id"},
		{"cursor offset timestamp", "cursor offset timestamp"},
		{"url timestamp offset page cursor etag last_modified", "cursor offset etag page last_modified url timestamp"},
		{"é 中 \U0001F600 z", "\U0001F600 é z 中"},
		{"Aa BB C#", "Aa BB C#"},
		{"BB Aa C#", "BB Aa C#"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			var members []Member
			for name := range strings.FieldsSeq(tt.in) {
				members = append(members, Member{Name: name})
			}
			SortHashMap(members)
			names := make([]string, len(members))
			for i, m := range members {
				names[i] = m.Name
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestTableSizeDoublesAtThreeQuarters(t *testing.T) {
	for n, want := range map[int]uint32{0: 16, 12: 16, 13: 32, 24: 32, 25: 64} {
		if got := tableSize(n); got != want {
			t.Errorf("tableSize(%d) = %d, want %d", n, got, want)
		}
	}
}

func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "a\"\\", "\x00\x1f\x7f", "é\U0001F600", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var back string
		if err := json.Unmarshal(AppendString(nil, s), &back); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && back != want {
			t.Fatalf("%q came back as %q", s, back)
		}
	})
}
