package mask

import (
	"net/url"
	"strings"
	"testing"
)

func TestURL(t *testing.T) {
	tests := map[string]string{
		"":                                     "",
		"https://h/p?q=1&page=2#top":           "https://h/p?q=1&page=2#top",
		"https://u:p@h/p":                      "https://h/p",
		"https://u@h":                          "https://h",
		"https://a@b:c@h/x@y":                  "https://h/x@y",
		"//u:p@h/p":                            "//h/p",
		"u:p@h/p":                              "h/p",
		"u:p@h//p":                             "h//p",
		`http://u:p@h\x@y`:                     `http://h\x@y`,
		"https://h/?api_key=k&b=2":             "https://h/?api_key=***&b=2",
		"https://h/?b=2&apiKey=k":              "https://h/?b=2&apiKey=***",
		"https://h/?X-Amz-Signature=s;token=t": "https://h/?X-Amz-Signature=***;token=***",
		"https://h/?%61pi%5Fkey=k":             "https://h/?%61pi%5Fkey=***",
		"https://h/?page_token=t&next_token=u": "https://h/?page_token=t&next_token=u",
		"https://h/?continuationToken=t&private_token=u": "https://h/?continuationToken=t&private_token=***",
		"https://h/?$$app_token=t":                       "https://h/?$$app_token=***",
		"https://h/cb#access_token=t&x=1":                "https://h/cb#access_token=***&x=1",
		"https://h/?key=":                                "https://h/?key=",
		"https://h/?monkey=1&sort_key=a":                 "https://h/?monkey=1&sort_key=a",
		"https://h/?password=a=b==&x":                    "https://h/?password=***&x",
		"http://[::1":                                    "http://[::1",
		"https://h/?q=u:p@x":                             "https://h/?q=u:p@x",
	}
	for raw, want := range tests {
		if got := URL(raw); got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}

// canary is a secret.
const canary = "s3cr3t-canary"

// FuzzURL: no secret put into any of its places is seen again, masking twice is masking once, and the address stays.
func FuzzURL(f *testing.F) {
	f.Add("http://h/p?x=1", "secret")
	f.Add("u:p@h?key=%zz#&token", "a&b;c")
	f.Add(`//\\@/@?#`, "")
	f.Fuzz(func(t *testing.T, raw, secret string) {
		once := URL(raw)
		if twice := URL(once); twice != once {
			t.Fatalf("%q: %q, then %q", raw, once, twice)
		}
		secret = canary + secret
		q := url.QueryEscape(secret)
		full := "https://u:" + url.QueryEscape(secret) + "@h.example/p?a=1&api_key=" + q + "&Password=" + q + ";sig=" + q + "#access_token=" + q
		if got := URL(full); strings.Contains(got, canary) || !strings.HasPrefix(got, "https://h.example/p?a=1&") {
			t.Fatalf("%q: %q", full, got)
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme == "" || u.Host == "" || strings.Contains(raw, "\\") {
			return
		}
		masked, err := url.Parse(once)
		if err != nil || masked.Host != u.Host || masked.Path != u.Path || masked.User != nil {
			t.Fatalf("%q became %q (%v)", raw, once, err)
		}
	})
}

// BenchmarkURL masks what every request is shown as, and what nearly none is.
func BenchmarkURL(b *testing.B) {
	for name, raw := range map[string]string{
		"open":   "http://127.0.0.1:8080/parents/12345/items?limit=1&page_token=abc",
		"secret": "https://u:p@api.example/items?limit=1&api_key=abc&page=2",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				URL(raw)
			}
		})
	}
}
