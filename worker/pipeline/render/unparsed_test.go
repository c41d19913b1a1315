package render

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/headwater/headwater/internal/connector"
)

// TestUnparsedAddresses: an address that Render does not parse is one that parsing would have found nothing else about.
func TestUnparsedAddresses(t *testing.T) {
	bases := []string{
		"https://api.example.com/v1", "http://h", "http://h/", "http://[::1]:80/a%2Fb", "http://h?", "http://h/%2e%2e", "http://h:/x",
		"HTTP://H/x", "http://h/..", "http://h/a/%2E/b", "http://h/a b", "http://h/ü", `http://h/"x`, "http://h/a?",
	}
	literals := []string{"/", ".", "..", "a", "%2e", "%2F", "%", "%4", "?", "#", "é", " ", ":", "//", "@", `\`, "&", "[", "|", "<", "${offset}", "${end_time}"}
	values := rapid.StringOfN(rapid.RuneFrom([]rune("a./%2e?#é:@ &=")), 0, 3, -1)
	rapid.Check(t, func(t *rapid.T) {
		path := ""
		for _, l := range rapid.SliceOfN(rapid.SampledFrom(literals), 0, 6).Draw(t, "path") {
			path += l
		}
		u, err := CompileURL(rapid.SampledFrom(bases).Draw(t, "base"), connector.API{Path: path, Parameters: pairs("a", "x${offset}")})
		if err != nil {
			return
		}
		v := Values{Offset: values.Draw(t, "offset"), EndTime: values.Draw(t, "end")}
		got, err := u.Render(v)
		u.encoded = false
		parsed, parsedErr := u.Render(v)
		if got != parsed || (err == nil) != (parsedErr == nil) || err != nil && err.Error() != parsedErr.Error() {
			t.Fatalf("%s, %v, and parsed %s, %v", got, err, parsed, parsedErr)
		}
	})
}
