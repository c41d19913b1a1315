package render

import (
	"net/url"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector"
)

const base = "https://api.example.com/v1"

func pairs(nameValues ...string) []connector.Pair {
	var out []connector.Pair
	for i := 0; i < len(nameValues); i += 2 {
		out = append(out, connector.Pair{Name: nameValues[i], Value: nameValues[i+1]})
	}
	return out
}

func TestURL(t *testing.T) {
	owner := pairs("owner", "acme corp", "id", "${offset}")
	tests := []struct {
		name   string
		base   string // base when empty
		path   string
		params []connector.Pair
		fill   []connector.Pair // path parameters
		extra  []connector.Pair
		v      Values
		want   string // behind base when it begins with / or ?; empty: refused
	}{
		{name: "no path", want: base},
		{name: "slashes are joined", base: base + "/", path: "/a", want: base + "/a"},
		{name: "a slash is added", path: "a", want: "/a"},
		{name: "query in the path", path: "/a?latest&x=${offset}", v: Values{Offset: "1 2"}, want: "/a?latest&x=1%202"},
		{name: "query in the path and parameters", path: "/a?latest", params: pairs("b", "c"), want: "/a?latest&b=c"},
		{name: "only a query", path: "?a=1", want: "?a=1"},
		{name: "value in a segment", path: "/issues/${offset}", v: Values{Offset: "a/b?c=d&e#f;g%2e+ü"}, want: "/issues/a%2Fb%3Fc=d&e%23f%3Bg%252e+%C3%BC"},
		{name: "literal text", path: "/a b/{x}/%41%zz?q=\"<>", fill: pairs("x", "1"), want: "/a%20b/1/%41%25zz?q=%22%3C%3E"},
		{name: "path parameters", path: "/{owner}/${owner}/{id}", fill: owner, v: Values{Offset: "7/8"}, want: "/acme%20corp/acme%20corp/7%2F8"},
		{name: "parameter is one segment", path: "/{owner}", fill: pairs("owner", "a/b?c"), want: "/a%2Fb%3Fc"},
		{name: "brackets", params: pairs("page[size]", "2", "created[gte]", "${start_time}"), v: Values{StartTime: "2024-01-01T00:00:00+02:00"}, want: "?page%5Bsize%5D=2&created%5Bgte%5D=2024-01-01T00%3A00%3A00%2B02%3A00"},
		{name: "injection into a query", params: pairs("a", "${offset}"), v: Values{Offset: "x&admin=1#|Authorization: evil"}, want: "?a=x%26admin%3D1%23%7CAuthorization%3A%20evil"},
		{name: "ampersand of a literal value", params: pairs("a", "b&c=d+e"), want: "?a=b%26c=d+e"},
		{name: "extra parameter", params: pairs("a", "1", "p", "2"), extra: pairs("p", "x=&"), want: "?a=1&p=x%3D%26"},
		{name: "empty values", path: "/a", params: pairs("a", "${offset}"), want: "/a?a="},
		{name: "value without a slash stays with the host", path: "${offset}", base: "https://api.example.com", v: Values{Offset: ".evil.com"}, want: "https://api.example.com/.evil.com"},
		{name: "at sign", path: "${offset}", base: "https://api.example.com", v: Values{Offset: "@evil.com"}, want: "https://api.example.com/@evil.com"},
		{name: "port", path: "${offset}", base: "https://api.example.com", v: Values{Offset: ":80@evil.com/x"}, want: "https://api.example.com/:80@evil.com%2Fx"},

		{name: "dots", path: "/users/${offset}", v: Values{Offset: ".."}},
		{name: "dots and more", path: "/users/${offset}/places", v: Values{Offset: "../admin"}},
		{name: "dots behind a backslash", path: "/users/${offset}", v: Values{Offset: `a\..`}},
		{name: "dots that are put together", path: "/users/.${offset}", v: Values{Offset: "."}},
		{name: "dots encoded once more", path: "/users/${offset}", v: Values{Offset: "%2e%2e"}},
		{name: "dots in the template", path: "/users/../admin"},
		{name: "encoded dots in the template", path: "/users/%2E%2e/admin"},
		{name: "three dots", path: "/users/${offset}", v: Values{Offset: "..."}, want: "/users/..."},
		{name: "line break in a path", path: "/users/${offset}", v: Values{Offset: "a\r\nb"}},
		{name: "empty path parameter", path: "/users/{id}", fill: owner},

		{name: "link as the path", path: "${offset}", v: Values{Offset: "/v2/x?a=b", Link: true}, params: pairs("p", "q"), want: "/v2/x?a=b"},
		{name: "link without a query", path: "${offset}", v: Values{Offset: "/v2/x", Link: true}, params: pairs("p", "q"), want: "/v2/x?p=q"},
		{name: "link behind a slash", path: "/x/${offset}", v: Values{Offset: "/y", Link: true}, want: "/x/y"},
		{name: "query link", path: "/x${offset}", v: Values{Offset: "?a=b c", Link: true}, want: "/x?a=b%20c"},
		{name: "whole link", path: "${offset}", v: Values{Offset: "https://other.example.com/x", Link: true}, want: "https://other.example.com/x"},
		{name: "double slash stays with the host", path: "${offset}", base: "https://api.example.com", v: Values{Offset: "//evil.com/x", Link: true}, want: "https://api.example.com//evil.com/x"},
		{name: "whole link within a path", path: "/x/${offset}", v: Values{Offset: "https://evil.com", Link: true}},
		{name: "climbing link", path: "/x/${offset}", v: Values{Offset: "/../admin", Link: true}},
		{name: "link that is no link", path: "/x/${offset}", v: Values{Offset: "httpd", Link: true}, want: "/x/httpd"},
		{name: "link in a query is a value", params: pairs("u", "${offset}"), v: Values{Offset: "/a?b", Link: true}, want: "?u=%2Fa%3Fb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.base == "" {
				tt.base = base
			}
			u, err := CompileURL(tt.base, connector.API{Path: tt.path, Parameters: tt.params, PathParameters: tt.fill})
			if err != nil {
				t.Fatal(err)
			}
			got, err := u.Render(tt.v, tt.extra...)
			if strings.HasPrefix(tt.want, "/") || strings.HasPrefix(tt.want, "?") {
				tt.want = base + tt.want
			}
			if got != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
}

func TestURLFaults(t *testing.T) {
	tests := []struct{ name, base, path, params, want string }{
		{"not http", "ftp://x", "", "", "http.api.base.url"},
		{"no host", "https://", "", "", "http.api.base.url"},
		{"credentials", "https://u:p@x", "", "", "http.api.base.url"},
		{"query", "https://x?a=b", "", "", "http.api.base.url"},
		{"unknown in the path", base, "/${id}", "", "http.api.path: unknown placeholder ${id}"},
		{"unknown in the path's query", base, "/x?y=${id}", "", "http.api.path: unknown placeholder ${id}"},
		{"no path parameter", base, "/{id}", "", "http.api.path: {id} has no value"},
		{"unknown in a parameter", base, "/", "${topic}", "http.request.parameters: unknown placeholder ${topic}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := CompileURL(tt.base, connector.API{Path: tt.path, Parameters: pairs("p", tt.params)})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestJoin(t *testing.T) {
	for _, tt := range [][3]string{
		{"https://x", "/a", "https://x/a"},
		{"https://x/", "/a", "https://x/a"},
		{"https://x/", "a", "https://x/a"},
		{"https://x", "", "https://x"},
		{"https://x", "${offset}", "https://x${offset}"},
		{"https://x/", "${offset}", "https://x/${offset}"},
		{"https://x/v1", "?a", "https://x/v1?a"},
		{"https://api.github.com", "/repos/apache/kafka/issues/${offset}", "https://api.github.com/repos/apache/kafka/issues/${offset}"},
	} {
		if got := Join(tt[0], tt[1]); got != tt[2] {
			t.Errorf("Join(%s, %s) = %s, want %s", tt[0], tt[1], got, tt[2])
		}
	}
}

// FuzzRender holds the promise of the package: whatever a value is, the request goes to the template's origin and path,
// and has the template's parameters.
func FuzzRender(f *testing.F) {
	for _, v := range []string{"1", "..", "a/../b", "x&y=1", "@evil", "//evil", "%2e%2e%2f", "\r\nX: y", "\x00", "é", "?", "#", `\`, ":80"} {
		f.Add(v)
	}
	u, err := CompileURL("https://api.example.com/v1", connector.API{
		Path: "/users/${offset}/places/{key}", PathParameters: pairs("key", "k-${primary_key}"), Parameters: pairs("a", "${offset}", "b", "x${end_time}"),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, err := u.Render(Values{Offset: value, PrimaryKey: value, EndTime: value})
		if err != nil {
			return
		}
		parsed, err := url.Parse(got)
		if err != nil || parsed.Scheme != "https" || parsed.Host != "api.example.com" || parsed.User != nil || parsed.Fragment != "" {
			t.Fatalf("%q: %s, %v", value, got, err)
		}
		parts := strings.Split(parsed.EscapedPath(), "/")
		if len(parts) != 6 || parts[1] != "v1" || parts[2] != "users" || parts[4] != "places" || !strings.HasPrefix(parts[5], "k-") {
			t.Fatalf("%q: path %s", value, parsed.EscapedPath())
		}
		if q, err := url.ParseQuery(parsed.RawQuery); err != nil || len(q) != 2 || q.Get("a") != value || q.Get("b") != "x"+value {
			t.Fatalf("%q: query %v, %v", value, parsed.RawQuery, err)
		}
	})
}
