package reference_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector/reference"
)

func TestFind(t *testing.T) {
	providers := []string{"file", "env"}
	for value, want := range map[string]string{
		"${file:/a/b.properties:k}":     "file|/a/b.properties|k",
		"${env:TOKEN}":                  "env||TOKEN",
		"Bearer ${env:T}!":              "env||T",
		"${file:/a:b:c}":                "file|/a|b:c",
		"${env:A}${env:B}":              "env||A env||B",
		"${offset}":                     "",
		"${vault:/a:k}":                 "",
		"${a${env:X}":                   "env||X",
		"${env:X":                       "",
		"$env:X}":                       "",
		"${ENV:X}":                      "",
		"start=${offset}&key=${env:K}&": "env||K",
	} {
		var got []string
		for _, r := range reference.Find(value, providers) {
			got = append(got, r.Provider+"|"+r.Path+"|"+r.Key)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

func TestResolve(t *testing.T) {
	in := map[string]string{"a": "x${env:A}y${offset}", "b": "${env:B}", "c": "plain"}
	values := map[string]string{"A": "${env:B}", "B": "2"}
	got, err := reference.Resolve(in, []string{"env"}, func(_, _, key string) (string, error) { return values[key], nil })
	if err != nil {
		t.Fatal(err)
	}
	// What a provider says is not looked through again.
	if want := map[string]string{"a": "x${env:B}y${offset}", "b": "2", "c": "plain"}; !maps.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if in["b"] != "${env:B}" {
		t.Error("the argument has changed")
	}
	if got, err = reference.Resolve(in, nil, nil); err != nil || !maps.Equal(got, in) {
		t.Error("without providers nothing is a reference", got, err)
	}
}

func TestResolveTellsAllFailuresAndNoValue(t *testing.T) {
	in := map[string]string{"a": "c4nary${env:A}", "b": "${env:B}", "c": "${env:C}"}
	_, err := reference.Resolve(in, []string{"env"}, func(_, _, key string) (string, error) {
		if key == "C" {
			return "c4nary", nil
		}
		return "c4nary", fmt.Errorf("variable %s: %w", key, errors.ErrUnsupported)
	})
	if err == nil || strings.Contains(err.Error(), "c4nary") {
		t.Fatal(err)
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "a=") || !strings.HasPrefix(lines[1], `b="${env:B}"`) {
		t.Errorf("%q", lines)
	}
}
