package access

import (
	"strings"
	"testing"
)

// Whatever the file: no panic, no entry that is not whole, and no message that quotes it.
func FuzzParseEntries(f *testing.F) {
	hash := quick(f, "x")
	for _, text := range []string{"", "a:" + hash + ":viewer", "a:" + hash + ":admin\n#c\nb:" + hash + ":viewer,c:" + hash + ":editor", "a:b:c", ":::", "\ufeff#", "a:pbkdf2-sha256$10000$$:viewer"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parseEntries(text, parsePassword)
		if err != nil && (list != nil || len(err.Error()) > 200 || strings.Contains(err.Error(), hash)) {
			t.Fatalf("%q: %v", text, err)
		}
		seen := map[string]bool{}
		for _, e := range list {
			if !nameForm.MatchString(e.name) || seen[e.name] || e.role < Viewer || e.role > Admin || e.hash.rounds < minRounds || e.hash.rounds > maxRounds || len(e.hash.salt) < 8 {
				t.Fatalf("%q: %+v", text, e)
			}
			seen[e.name] = true
		}
	})
}

func FuzzParseRules(f *testing.F) {
	for _, text := range []string{"", "CN=a:viewer", "DNS=*.x:admin;URI=a://b:1/c:editor", ":", "=:", "CN=:viewer", ";;\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := parseRules(text)
		if err != nil && rules != nil {
			t.Fatal(rules)
		}
		for _, r := range rules {
			if attributes[r.attribute] == nil || r.pattern == "" || r.role < Viewer || r.role > Admin {
				t.Fatalf("%q: %+v", text, r)
			}
		}
	})
}
