package render

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
)

func TestBody(t *testing.T) {
	tests := []struct {
		name, contentType, text, offset string
		want                            string
		refused                         bool
	}{
		{name: "none"},
		{name: "number stands bare", text: `{"after":[${offset}]}`, offset: "1647948000000", want: `{"after":[1647948000000]}`},
		{name: "boolean", text: `[${offset}]`, offset: "true", want: `[true]`},
		{name: "quoted by the user", text: `[${offset}]`, offset: `"abc"`, want: `["abc"]`},
		{name: "text is quoted", text: `[${offset}]`, offset: `2024-01-01 "x"`, want: `["2024-01-01 \"x\""]`},
		{name: "nothing is null", text: `{"after": ${offset}}`, want: `{"after": null}`},
		{name: "object", text: `[${offset}]`, offset: `{"admin":true}`, refused: true},
		{name: "array", text: `[${offset}]`, offset: `[1]`, refused: true},
		{name: "two numbers are one text", text: `[${offset}]`, offset: `1,2`, want: `["1,2"]`},
		{name: "within a string", text: `{"q":"a \"b\" ${offset}","n":${offset}}`, offset: `","admin":true,"x":"`, want: `{"q":"a \"b\" \",\"admin\":true,\"x\":\"","n":"\",\"admin\":true,\"x\":\""}`},
		{name: "line break within a string", text: `["${offset}"]`, offset: "a\n\\", want: `["a\n\\"]`},
		{name: "array as the body", contentType: "application/json; charset=utf-8", text: ` [["${offset}"]]`, offset: "x", want: ` [["x"]]`},
		{name: "GraphQL", text: `{"query":"query($n: Int) { a(first: $n, after: \"${offset}\") { id } }"}`, offset: `x"y`, want: `{"query":"query($n: Int) { a(first: $n, after: \"x\\\"y\") { id } }"}`},
		{name: "dollar without a name", text: `{"a":"${ ${} $x"}`, want: `{"a":"${ ${} $x"}`},
		{name: "form", contentType: "application/x-www-form-urlencoded", text: "a=${offset}&b=1", offset: "x&b=2 é", want: "a=x%26b%3D2%20%C3%A9&b=1"},
		{name: "other text", contentType: "text/xml", text: "<a>${offset}</a>", offset: "17-x", want: "<a>17-x</a>"},
		{name: "injection into other text", contentType: "text/xml", text: "<a>${offset}</a>", offset: "<b/>", refused: true},
		{name: "text without a type", text: "cursor=${offset}", offset: `a"b`, refused: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := CompileBody(tt.text, tt.contentType)
			if err != nil {
				t.Fatal(err)
			}
			got, err := b.Render(Values{Offset: tt.offset})
			if string(got) != tt.want || (err != nil) != tt.refused {
				t.Errorf("got %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestBodyFaults(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":"${id}"}`: "http.request.body: unknown placeholder ${id}",
		`{"a":"b`:       "http.request.body: a string literal is not closed",
	} {
		if _, err := CompileBody(text, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestHeader(t *testing.T) {
	h, err := CompileHeader("http.request.headers", "X-After", "after ${offset}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Render(Values{Offset: "a: b|c=é"}); got != "after a: b|c=é" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"a\r\nX: y", "a\nb", "a\x00b", "\x7f"} {
		if got, err := h.Render(Values{Offset: bad}); err == nil {
			t.Errorf("%q gave %q", bad, got)
		}
	}
	for _, bad := range [][2]string{{"", "x"}, {"X Y", "x"}, {"X:", "x"}, {"Xé", "x"}, {"X", "a\r\nb"}, {"X", "${id}"}} {
		if _, err := CompileHeader("http.request.headers", bad[0], bad[1]); err == nil {
			t.Errorf("%q: %q was taken", bad[0], bad[1])
		}
	}
}

func TestLink(t *testing.T) {
	for in, want := range map[string]string{
		"https://x/a?page[size]=2&q=a%20b#top": "https://x/a?page[size]=2&q=a%20b",
		"https://x/a b?q=é\"<":                 "https://x/a%20b?q=%C3%A9%22%3C",
		"https://[::1]:80/a":                   "https://[::1]:80/a",
		"https://x/\r\nHost: y":                "",
	} {
		if got, err := Link(in); got != want || (err != nil) != (want == "") {
			t.Errorf("Link(%q) = %q, %v", in, got, err)
		}
	}
}

// FuzzBody: whatever a value is, a JSON body keeps the shape of its template.
func FuzzBody(f *testing.F) {
	for _, v := range []string{"1", `","x":"`, "{}", "]", "null", "\x00\xff", `\`, "1e5", "-", "NaN"} {
		f.Add(v)
	}
	body, err := CompileBody(`{"a":"x${offset}","b":${offset},"c":[${primary_key}]}`, "application/json")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		raw, err := body.Render(Values{Offset: value, PrimaryKey: value})
		if err != nil {
			return
		}
		var got map[string]any
		if err := json.Unmarshal(raw, &got); err != nil || len(got) != 3 {
			t.Fatalf("%q: %s, %v", value, raw, err)
		}
		if a, ok := got["a"].(string); !ok || a != "x"+strings.ToValidUTF8(value, "\ufffd") && strings.ToValidUTF8(value, "") == value {
			t.Fatalf("%q: %s", value, raw)
		}
		if c, ok := got["c"].([]any); !ok || len(c) != 1 {
			t.Fatalf("%q: %s", value, raw)
		}
	})
}

func TestPathParametersOutsideThePath(t *testing.T) {
	api := connector.API{
		Method: "POST", Path: "/{user}", PathParameters: pairs("user", "u${offset}"), Body: `{"u":"${user}"}`,
		Headers:          pairs("X-User", "${user}!", "Content-Type", "application/json"),
		SensitiveHeaders: []connector.SecretPair{{Name: "X-Key", Value: connector.NewSecret("k-${user}")}},
	}
	r, err := CompileRequest("https://x", api)
	if err != nil {
		t.Fatal(err)
	}
	v := Values{Offset: "7"}
	url, err := r.URL.Render(v)
	fields, body, err2 := r.Render(v)
	if url != "https://x/u7" || err != nil || err2 != nil || string(body) != `{"u":"u7"}` {
		t.Errorf("%s %s, %v, %v", url, body, err, err2)
	}
	if len(fields) != 3 || fields[0] != (Field{"X-Key", "k-u7", true}) || fields[1] != (Field{"X-User", "u7!", false}) {
		t.Errorf("%+v", fields)
	}
	if api.Headers[0].Value != "${user}!" || !r.Uses("offset") || r.Uses("end_time") {
		t.Error("the configuration was changed")
	}
}
