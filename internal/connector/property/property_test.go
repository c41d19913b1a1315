package property_test

import (
	"strings"
	"testing"

	"github.com/headwater/headwater/internal/connector/property"
)

func TestNearest(t *testing.T) {
	known := []string{"name", "topics", "oauth2.client.id", "oauth2.client.auth.mode", "http.initial.offset", "request.interval.ms"}
	for name, want := range map[string]string{
		"nam": "name", "Topics": "topics", "topic": "topics", "oauth2.client.mode": "oauth2.client.auth.mode",
		"http.initial_offset": "http.initial.offset", "request.interval": "request.interval.ms", "initial.offset": "http.initial.offset",
		"foobar": "", "": "", "x.y.z": "",
	} {
		if got := property.Nearest(name, known); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	rows := []property.Row{{Name: "plain"}, {Name: "transforms.<alias>.*"}, {Name: "producer.override.*"}}
	for name, want := range map[string]string{
		"transforms.a.type": "type", "transforms.a.b.c": "b.c", "producer.override.linger.ms": "linger.ms",
		"transforms.a": "", "transforms": "", "producer.override.": "", "producer.override": "", "plain": "", "plain.x": "",
	} {
		_, rest, ok := property.Match(rows, name)
		if rest != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", name, rest, ok, want)
		}
	}
}

func TestLooksSecret(t *testing.T) {
	for name, want := range map[string]bool{
		"my.password": true, "dbPassword": true, "client_secret": true, "X-API-Key": true, "accessToken": true, "sasl.jaas.config": true,
		"basic.auth.user.info": true, "credentials": true, "monkey": false, "keyboard": false, "topics": false, "http.api.path": false,
	} {
		if got := property.LooksSecret(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestReference(t *testing.T) {
	for value, want := range map[string]bool{
		"${file:/a:b}": true, " ${env:A} ": true, "${offset}": false, "x${env:A}": false, "${env:A}${env:B}": false, "${env:}": false,
		"${:a}": false, "${env:A": false, "": false,
	} {
		if got := property.Reference(value); got != want {
			t.Errorf("%q: %v", value, got)
		}
	}
}

func TestMarkdownGroupsRows(t *testing.T) {
	page := property.Markdown("api1.", []property.Row{
		{Name: "a", Group: "One", Doc: "First.", Default: "|"},
		{Name: "b", Group: "Two", Doc: "Second.", Type: property.Int, Min: 1},
		{Name: "c", Group: "One", Doc: "Third.", Aliases: []string{"d", "e"}},
	})
	if strings.Count(page, "## One") != 1 || !strings.Contains(page, "| `api1.a` | string | `\\|` |") ||
		!strings.Contains(page, "Also: `api1.d`, `api1.e`.") || !strings.Contains(page, "a whole number, at least 1") {
		t.Error(page)
	}
}
