package document_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector/document"
	"github.com/headwater/headwater/internal/connector/property"
)

func TestForms(t *testing.T) {
	for _, c := range []struct {
		about, text string
		want        string // name=value lines, in any order
		warnings    int
	}{
		{"name and config", `{"name":"a","config":{"x":"1"}}`, "name=a\nx=1", 0},
		{"config alone", `{"config":{"name":"a","x":"1"}}`, "name=a\nx=1", 0},
		{"what GET answers", `{"name":"a","config":{"name":"a"},"tasks":[{"connector":"a","task":0}],"type":"source"}`, "name=a", 0},
		{"something else beside config", `{"name":"a","config":{},"initial_state":"STOPPED"}`, "name=a", 1},
		{"flat", `{"name":"a","x":"1"}`, "name=a\nx=1", 0},
		{"flat with a property config", `{"name":"a","config":"1"}`, "name=a\nconfig=1", 0},
		{"numbers, booleans and null", `{"n":1,"big":12345678901234567890,"f":1.50,"b":true,"z":null}`, "n=1\nbig=12345678901234567890\nf=1.50\nb=true", 0},
		{"trailing commas", "{\"config\":{\"x\":\"1\",\n},}", "x=1", 2},
		{"escapes", `{"x":"a\"b\\c\né😀"}`, "x=a\"b\\c\u2424é😀", 0},
		{"twice", `{"x":"1","y":"2","x":"3"}`, "x=3\ny=2", 1},
		{"twice, null last", `{"x":"1","x":null}`, "", 1},
		{"byte order mark", "\ufeff {\"x\":\"1\"}", "x=1", 0},
		{"properties", "# c\n! c\n\n name = a \nx:1\ny 2\nz\n", "name=a \nx=1\ny=2\nz=", 0},
		{"continued", "x=a,\\\n   b,\\\r\n\t c\ny=1\\\\\nz=2", "x=a,b,c\ny=1\\\nz=2", 0},
		{"escaped keys and values", "a\\:b\\=c\\ d = e\\tf\\u00e9\\ud83d\\ude00\\q", "a:b=c d=e\tfé😀q", 0},
		{"separators within values", "p=start=${offset}&limit=1\nh=A: b|C: d", "p=start=${offset}&limit=1\nh=A: b|C: d", 0},
		{"continued at the end", "x=a\\", "x=a", 0},
		{"twice in properties", "x=1\nx=2", "x=2", 1},
		{"Latin-1", "x=\xe9", "x=é", 0},
	} {
		d, err := document.Parse("f", []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.about, err)
			continue
		}
		want := map[string]string{}
		for line := range strings.SplitSeq(c.want, "\n") {
			if key, value, ok := cutProperty(line); ok {
				want[key] = strings.ReplaceAll(value, "\u2424", "\n")
			}
		}
		if !maps.Equal(d.Properties, want) {
			t.Errorf("%s: %q, want %q", c.about, d.Properties, want)
		}
		if len(d.Warnings) != c.warnings {
			t.Errorf("%s: warnings %v, want %d", c.about, d.Warnings, c.warnings)
		}
		if d.Name != want["name"] {
			t.Errorf("%s: name %q", c.about, d.Name)
		}
	}
}

// cutProperty splits at the last key of the test above that can be meant: keys may hold = themselves.
func cutProperty(line string) (key, value string, ok bool) {
	if rest, found := strings.CutPrefix(line, "a:b=c d="); found {
		return "a:b=c d", rest, true
	}
	return strings.Cut(line, "=")
}

func TestErrorsSayWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "f:1:1: is empty",
		"{\n  \"x\": \"1\"\n  \"y\"": `f:3:3: expected a comma or }`,
		"{\"x\" \"1\"}":              "f:1:6: expected a colon",
		"{x:1}":                      "f:1:2: expected a key in double quotes",
		"{\"x\": tru}":               "f:1:7: expected a value",
		"{\"x\": 01}":                "f:1:8: expected a comma or }",
		"{\"x\": \"a":                "f:1:7: holds a text without closing quote",
		"{\"x\": \"a\nb\"}":          "f:1:9: holds a line break",
		`{"x": "\q"}`:                "f:1:7: holds a text with an escape",
		"{\"x\": 1":                  "f:1:8: ends too early: expected a comma or }",
		"{} {}":                      "f:1:4: expected nothing after",
		"[1]":                        "f:1:1: expected an object",
		"{\"x\":,}":                  "f:1:6: expected a value",
		"{,}":                        "f:1:2: expected a key in double quotes",
		"{\"x\":\"\xff\"}":           "f:1:7: is not valid UTF-8",
		"a=1\nx=\\u12":               `f:2:1: holds a \u`,
		strings.Repeat("[", 100):     "f:1:33: is nested too deeply",
		strings.Repeat(" ", 1<<20+1): "f:1:1: is larger",
	} {
		_, err := document.Parse("f", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

func TestValuesThatAreNoText(t *testing.T) {
	_, err := document.Parse("f", []byte("{\"x\": {\"a\":1},\n \"y\": [1]}"))
	if err == nil || !strings.Contains(err.Error(), "x: is an object or array, at 1:2") || !strings.Contains(err.Error(), "y: is an object or array, at 2:2") {
		t.Error(err)
	}
	_, err = document.Parse("f", []byte(`{"name":"a","config":{"name":"b"}}`))
	if f, ok := errors.AsType[*property.Fault](err); !ok || f.Property != "name" || f.Value != "b" {
		t.Error(err)
	}
}

// Whatever the bytes: no panic, and either properties or an error that says where, or which property.
func FuzzParseDocument(f *testing.F) {
	for _, s := range []string{
		`{"name":"a","config":{"x":1,}}`, `{"x":[null,{}],"x":"é"}`, "a=b\\\n c\nd:\\u0041", "{", `{"config":null}`, "\xff=\xfe",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := document.Parse("f", data)
		if err == nil {
			if d.Properties == nil || d.Name != d.Properties["name"] {
				t.Fatalf("%q gives %+v", data, d)
			}
			return
		}
		place, isPlace := errors.AsType[*document.Error](err)
		_, isFault := errors.AsType[*property.Fault](err)
		if !isFault && (!isPlace || place.Line < 1 || place.Column < 1 || place.File != "f") {
			t.Fatalf("%q: %v", data, err)
		}
	})
}
