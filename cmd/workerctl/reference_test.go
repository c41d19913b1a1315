package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/cmd/workerctl/show"
)

// The page is made of the code: go test ./cmd/workerctl -run TestReferencePage -update
func TestReferencePage(t *testing.T) {
	tool := run.New(show.Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}, func(string) string { return "" })
	root := newRoot(tool)
	var b strings.Builder
	fmt.Fprintf(&b, "# workerctl\n\n%s\n\nA generated page. Completion: `source <(workerctl completion bash)`, also for zsh, fish and powershell.\n\n## Flags of all commands\n\n```\n%s```\n\n",
		root.Long, root.PersistentFlags().FlagUsages())
	b.WriteString("## Exit codes\n\n| exit code | means |\n|---|---|\n")
	for _, row := range run.ExitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", row.Code, row.Means)
	}
	for _, family := range root.Commands() {
		if family.Name() == "completion" || family.Name() == "help" {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n", family.Name(), family.Short)
		if !family.HasSubCommands() {
			describe(&b, family)
		}
		for _, c := range family.Commands() {
			fmt.Fprintf(&b, "\n### %s %s\n\n", family.Name(), c.Name())
			describe(&b, c)
		}
	}
	golden(t, "../../docs/reference/workerctl.md", b.String())
}

func describe(b *strings.Builder, c *cobra.Command) {
	about := c.Long
	if about == "" {
		about = c.Short + "."
	}
	fmt.Fprintf(b, "%s\n\n```\n%s\n", about, strings.TrimSuffix(c.UseLine(), " [flags]"))
	if c.Example != "" {
		fmt.Fprintf(b, "\n%s\n", c.Example)
	}
	if flags := c.LocalFlags().FlagUsages(); flags != "" {
		fmt.Fprintf(b, "\n%s", flags)
	}
	b.WriteString("```\n")
}

// Every command can be asked for help, says what it does, and everything that writes has --dry-run.
func TestEveryCommand(t *testing.T) {
	writes := []string{"create", "apply", "delete", "pause", "resume", "stop", "restart", "set", "reset", "pin", "unpin", "move", "drain", "undrain", "plan", "retry", "skip"}
	tool := run.New(show.Streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}, func(string) string { return "" })
	var walk func(c *cobra.Command)
	seen := map[string]bool{}
	walk = func(c *cobra.Command) {
		for _, below := range c.Commands() {
			if below.Name() != "completion" {
				walk(below)
			}
		}
		if c.HasSubCommands() {
			return
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: %q", c.CommandPath(), c.Short)
		}
		for _, name := range writes {
			if c.Name() == name {
				seen[name] = true
				if c.Flags().Lookup("dry-run") == nil {
					t.Errorf("%s has no --dry-run", c.CommandPath())
				}
			}
		}
		if s := ctl(t, "", "", append(strings.Fields(c.CommandPath())[1:], "--help")...); s.code != 0 || !strings.Contains(s.out.String(), c.Short) {
			t.Errorf("%s --help: exit %d %s", c.CommandPath(), s.code, s.err.String())
		}
	}
	walk(newRoot(tool))
	if len(seen) != len(writes) {
		t.Errorf("of %q there are %v", writes, seen)
	}
}
