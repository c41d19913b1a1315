package render

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
)

// item are values as a parent record may have them.
func item(nameValues ...string) map[string]string {
	fields := map[string]string{}
	for _, p := range pairs(nameValues...) {
		fields[p.Name] = p.Value
	}
	return fields
}

func TestFieldsInURLs(t *testing.T) {
	tests := []struct {
		name   string
		path   string
		params []connector.Pair
		fill   []connector.Pair
		fields map[string]string
		want   string // behind base; empty: refused
	}{
		{name: "name", path: "/users/${id}/places", fields: item("id", "17"), want: "/users/17/places"},
		{name: "JSON pointer", path: "/users/${/customer/id}?x=${/customer/id}", fields: item("/customer/id", "1 7"), want: "/users/1%207?x=1%207"},
		{name: "dotted path", path: "/users/${customer.id}", fields: item("customer.id", "17"), want: "/users/17"},
		{name: "any name", path: "/u/${a b}-${@id}-${é}", fields: item("a b", "1", "@id", "2", "é", "3"), want: "/u/1-2-3"},
		{name: "renamed", path: "/users/{user}/${user}/places", fill: pairs("user", "u-${id}"), fields: item("id", "1/7"), want: "/users/u-1%2F7/u-1%2F7/places"},
		{name: "renamed to itself", path: "/users/{id}/${id}", fill: pairs("id", "${id}"), fields: item("id", "17"), want: "/users/17/17"},
		{name: "renamed in a query", path: "/p", params: pairs("u", "${user}"), fill: pairs("user", "${id}"), fields: item("id", "a&b"), want: "/p?u=a%26b"},
		{name: "offset and field", path: "/u/${id}/${offset}", fields: item("id", "17", "offset", "evil"), want: "/u/17/9"},
		{name: "query and fragment", path: "/u/${id}", fields: item("id", "a?b=c#d;e&f/g"), want: "/u/a%3Fb=c%23d%3Be&f%2Fg"},
		{name: "links are values", path: "${id}", fields: item("id", "https://evil.com/x"), want: "/https:%2F%2Fevil.com%2Fx"},
		{name: "slash first", path: "/u/${id}", fields: item("id", "/y"), want: "/u/%2Fy"},
		{name: "empty in a query", path: "/u", params: pairs("a", "${id}"), fields: item("id", ""), want: "/u?a="},
		{name: "injection into a query", path: "/u", params: pairs("a", "${id}"), fields: item("id", "x&admin=1#"), want: "/u?a=x%26admin%3D1%23"},
		{name: "whole URL", path: "https://api.example.com/v1/x/${id}", fields: item("id", "17"), want: "/x/17"},

		{name: "missing", path: "/u/${id}", fields: item("user", "17")},
		{name: "none at all", path: "/u/${id}"},
		{name: "missing in a query", path: "/u", params: pairs("a", "${id}")},
		{name: "empty", path: "/u/${id}/x", fields: item("id", "")},
		{name: "empty behind literal text", path: "/u/x-${id}", fields: item("id", "")},
		{name: "climbing", path: "/u/${id}/x", fields: item("id", "../admin")},
		{name: "dot", path: "/u/${id}/x", fields: item("id", ".")},
		{name: "dots", path: "/u/.${id}/x", fields: item("id", ".")},
		{name: "backslash", path: "/u/${id}/x", fields: item("id", `a\..`)},
		{name: "encoded dots", path: "/u/${id}/x", fields: item("id", "%2e%2E")},
		{name: "line break", path: "/u/${id}/x", fields: item("id", "a\r\nHost: evil")},
		{name: "control character", path: "/u/${id}/x", fields: item("id", "a\x00")},
		{name: "renamed and empty", path: "/u/{user}", fill: pairs("user", "${id}"), fields: item("id", "")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			placeholders := []string{"id", "/customer/id", "customer.id", "a b", "@id", "é"}
			r, err := CompileRequest(base, connector.API{
				Path: tt.path, Parameters: tt.params, PathParameters: tt.fill, Child: true, Placeholders: placeholders,
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.URL.Render(Values{Offset: "9", Fields: tt.fields})
			refused(t, err, tt.want == "")
			refused(t, r.Fits(tt.fields), tt.want == "")
			if err == nil && got != base+tt.want {
				t.Errorf("got  %s\nwant %s", got, base+tt.want)
			}
		})
	}
}

// refused checks that an error names the placeholder.
func refused(t *testing.T, err error, want bool) {
	t.Helper()
	f, ok := errors.AsType[*FieldError](err)
	if (err != nil) != want || want && (!ok || f.Name != "id" || !strings.Contains(err.Error(), "${id}")) {
		t.Errorf("got %v, want an error: %v", err, want)
	}
}

func TestFieldsInHeadersAndBody(t *testing.T) {
	for _, tt := range []struct{ value, header, body string }{
		{"17", "u17", `{"a":"x17","b":17}`},
		{"a\"b", `ua"b`, `{"a":"xa\"b","b":"a\"b"}`},
		{"", "u", `{"a":"x","b":null}`},
		{`{"admin":true}`, "", ""},
		{"a\r\nX: y", "", ""},
	} {
		r, err := CompileRequest(base, connector.API{
			Method: "POST", Child: true, Placeholders: []string{"id"}, Body: `{"a":"x${id}","b":${id}}`,
			SensitiveHeaders: []connector.SecretPair{{Name: "X-User", Value: connector.NewSecret("u${id}")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		fields := item("id", tt.value)
		headers, body, err := r.Render(Values{Fields: fields})
		refused(t, err, tt.body == "")
		refused(t, r.Fits(fields), tt.body == "")
		if err == nil && (headers[0] != Field{"X-User", tt.header, true} || string(body) != tt.body) {
			t.Errorf("%q: %+v, %s", tt.value, headers, body)
		}
	}
}

// A placeholder of a parent's field belongs to children alone, and never into the host.
func TestFieldFaults(t *testing.T) {
	for _, tt := range []struct {
		api  connector.API
		want string
	}{
		{connector.API{Path: "/${id}", Placeholders: []string{"id"}}, "unknown placeholder ${id}"},
		{connector.API{Path: "/${id}", Child: true, Placeholders: []string{"user"}}, "unknown placeholder ${id}"},
		{connector.API{Path: "/{id}", Child: true, Placeholders: []string{"id"}}, "{id} has no value"},
		{connector.API{Path: "https://${id}/x", Child: true, Placeholders: []string{"id"}}, "host"},
		{connector.API{Path: "http://${id}", Child: true, Placeholders: []string{"id"}}, "host"},
		{connector.API{Path: "${id}://evil.com/x", Child: true, Placeholders: []string{"id"}}, "scheme"},
		{connector.API{Path: "https://api.example.com:${id}/x", Child: true, Placeholders: []string{"id"}}, "host"},
		{connector.API{Path: "https://{h}/x", PathParameters: pairs("h", "${id}.example.com"), Child: true, Placeholders: []string{"id"}}, "host"},
	} {
		if _, err := CompileRequest(base, tt.api); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.api.Path, err, tt.want)
		}
	}
}

// FuzzFields: whatever a parent record has, a child's request goes to the template's origin and path, has the template's
// parameters and headers, and what fits is what can be asked for.
func FuzzFields(f *testing.F) {
	for _, v := range []string{"17", "", ".", "..", "../x", "a/b", "x&y=1", "@evil", "//evil", "https://evil/", "%2e%2e%2f", "\r\nX: y", "\x00", "é", "?", "#", `\`, ":80", "\xff"} {
		f.Add(v, "2")
		f.Add("1", v)
	}
	api := connector.API{
		Path: "/users/${id}/places/{key}/x.${/a/b}?in=${id}", PathParameters: pairs("key", "k-${a.b}"),
		Parameters: pairs("a", "${id}", "b", "x${/a/b}"), Headers: pairs("X-User", "u ${id}"),
		Child: true, Placeholders: []string{"/a/b", "a.b", "id"},
	}
	r, err := CompileRequest("https://api.example.com/v1", api)
	if err != nil {
		f.Fatal(err)
	}
	open := api
	open.Path = "${id}${/a/b}"
	bare, err := CompileRequest("https://api.example.com", open)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		v := Values{Offset: "/link?x", Link: true, Fields: item("id", one, "/a/b", two, "a.b", one)}
		got, err := r.URL.Render(v)
		headers, _, err2 := r.Render(v)
		if fits := r.Fits(v.Fields); (fits == nil) != (err == nil && err2 == nil) {
			t.Fatalf("%q, %q: fits %v, but %v, %v", one, two, fits, err, err2)
		}
		if err2 == nil && (len(headers) != 1 || headers[0].Value != "u "+one || strings.ContainsAny(headers[0].Value, "\r\n")) {
			t.Fatalf("%q: headers %v", one, headers)
		}
		if full, err := bare.URL.Render(v); err == nil {
			checkPlace(t, full, "", 2, one+two)
		}
		if err != nil {
			return
		}
		u := checkPlace(t, got, "/v1/users/", 7, one)
		parts := strings.Split(u.EscapedPath(), "/")
		if parts[4] != "places" || !strings.HasPrefix(parts[5], "k-") || !strings.HasPrefix(parts[6], "x.") {
			t.Fatalf("%q, %q: path %s", one, two, u.EscapedPath())
		}
		q, err := url.ParseQuery(u.RawQuery)
		if err != nil || len(q) != 3 || q.Get("in") != one || q.Get("a") != one || q.Get("b") != "x"+two {
			t.Fatalf("%q, %q: query %v, %v", one, two, u.RawQuery, err)
		}
	})
}

// checkPlace checks that an address is at the template's origin and begins and ends as deep as the template does.
func checkPlace(t *testing.T, full, prefix string, segments int, value string) *url.URL {
	t.Helper()
	u, err := url.Parse(full)
	if err != nil || u.Scheme != "https" || u.Host != "api.example.com" || u.User != nil || u.Fragment != "" {
		t.Fatalf("%q: %s, %v", value, full, err)
	}
	if n := len(strings.Split(u.EscapedPath(), "/")); n != segments || !strings.HasPrefix(u.EscapedPath(), prefix) {
		t.Fatalf("%q: path %s has %d segments, not %d", value, u.EscapedPath(), n, segments)
	}
	return u
}
