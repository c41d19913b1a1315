package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestCompletes(t *testing.T) {
	c := serve(t, answers())
	for line, want := range map[string]string{
		"connector get |":              "orders young",
		"connector pause orders |":     "young",
		"connector get orders |":       "",
		"assign drain |":               "w1:8083 w2:8083",
		"assign pin |":                 "orders/0 orders/1",
		"assign pin orders/0 |":        "w1:8083 w2:8083",
		"assign plan --drain |":        "w1:8083 w2:8083",
		"task restart |":               "orders/0 orders/1",
		"connector list -o |":          "table json yaml",
		"connector create --state |":   "RUNNING PAUSED STOPPED",
		"queue items orders --state |": "waiting active idle failed ended",
		"queue retry |":                "orders young",
		"auth hash ann --role |":       "viewer operator editor admin",
	} {
		args := strings.Fields(line)
		args[len(args)-1] = ""
		s := ctl(t, c.URL, "", append([]string{cobra.ShellCompNoDescRequestCmd}, args...)...)
		got := strings.Fields(s.out.String())
		if len(got) == 0 || !strings.HasPrefix(got[len(got)-1], ":") {
			t.Fatalf("%s: %q", line, s.out.String())
		}
		if text := strings.Join(got[:len(got)-1], " "); text != want {
			t.Errorf("%s: %q, want %q", line, text, want)
		}
	}
	c.Close() // a cluster that is away makes no noise on the line that is being typed
	if s := ctl(t, c.URL, "", cobra.ShellCompNoDescRequestCmd, "connector", "get", ""); s.code != 0 || strings.Contains(s.out.String(), "answer") {
		t.Error(s.out.String())
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		s := ctl(t, "", "", "completion", shell)
		if s.code != 0 || !strings.Contains(s.out.String(), "workerctl") || s.out.Len() < 1000 {
			t.Errorf("%s: exit %d, %d bytes", shell, s.code, s.out.Len())
		}
	}
}
