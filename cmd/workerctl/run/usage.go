package run

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headwater/headwater/cmd/workerctl/show"
)

// Group is a command that only has others below it. It reads its flags itself, so that a mistyped command is told before a
// flag of that command is called unknown.
func Group(t *Tool, use, short string, below ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{Use: use, Short: short, DisableFlagParsing: true, Args: cobra.ArbitraryArgs, SuggestionsMinimumDistance: 2}
	g.RunE = func(cmd *cobra.Command, args []string) error { return noCommand(cmd, args) }
	g.AddCommand(below...)
	for _, c := range below {
		if run := c.RunE; run != nil && !c.HasSubCommands() {
			c.RunE = func(cmd *cobra.Command, args []string) error {
				if err := t.Check(); err != nil {
					return &UsageError{err.Error(), Line(cmd, args) + " -o " + show.Formats[0]}
				}
				return run(cmd, args)
			}
		}
	}
	return g
}

// noCommand answers a command line that ends in a group: with help when nothing more was asked for.
func noCommand(cmd *cobra.Command, args []string) error {
	for i, arg := range args {
		switch {
		case arg == "-h" || arg == "--help":
			return cmd.Help()
		case strings.HasPrefix(arg, "-"):
			continue
		}
		problem := fmt.Sprintf("%s has no command %q", cmd.CommandPath(), arg)
		if near := cmd.SuggestionsFor(arg); len(near) > 0 {
			return &UsageError{problem, strings.Join(append([]string{cmd.CommandPath(), near[0]}, args[i+1:]...), " ")}
		}
		return &UsageError{problem, cmd.CommandPath() + " --help"}
	}
	if len(args) > 0 {
		return &UsageError{fmt.Sprintf("%s needs a command before %s", cmd.CommandPath(), args[0]), cmd.CommandPath() + " --help"}
	}
	return cmd.Help()
}

// Takes checks how many arguments there are; most < 0 is any number.
func Takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch words := placeholders(cmd); {
		case len(args) < least:
			return &UsageError{fmt.Sprintf("%s needs %s", cmd.CommandPath(), strings.TrimSuffix(strings.Join(words[len(args):least], " and "), "...")), Line(cmd, args)}
		case most >= 0 && len(args) > most:
			return &UsageError{fmt.Sprintf("%s does not take %q", cmd.CommandPath(), args[most]), Line(cmd, args[:most])}
		}
		return nil
	}
}

// placeholders are the words in a command's Use behind its name.
func placeholders(cmd *cobra.Command) []string { return strings.Fields(cmd.Use)[1:] }

// Line is the command line with the arguments that were given in their places.
func Line(cmd *cobra.Command, args []string) string {
	words := append([]string{cmd.CommandPath()}, args...)
	for i, word := range placeholders(cmd) {
		if i >= len(args) && !strings.HasPrefix(word, "[") {
			words = append(words, strings.TrimSuffix(word, "..."))
		}
	}
	return strings.Join(words, " ")
}

// DryRun adds the flag that everything has that writes.
func DryRun(cmd *cobra.Command, on *bool) {
	cmd.Flags().BoolVar(on, "dry-run", false, "only say what would be done")
}
