package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/headwater/headwater/cmd/workerctl/run"
	"github.com/headwater/headwater/internal/api/access"
)

func newAuth(t *run.Tool) *cobra.Command {
	return run.Group(t, "auth", "Prepare credentials for the workers' files", newAuthHash(t))
}

// hashOptions is a line for a worker's file of users or tokens.
type hashOptions struct {
	*run.Tool
	name, role string
	token      bool
	ask        func(t *run.Tool, what string) (string, error)
}

func newAuthHash(t *run.Tool) *cobra.Command {
	o := &hashOptions{Tool: t, ask: ask}
	cmd := &cobra.Command{
		Use: "hash NAME", Short: "Make the line of a user, or a token, for the workers' files", Args: run.Takes(1, 1),
		Long: `Make the line of a user, or a token, for the workers' files.

The password is asked for, or read from standard input as one line; it is stored nowhere.`,
		Example: "  workerctl auth hash ann --role operator >> users",
		RunE: func(_ *cobra.Command, args []string) error {
			o.name = args[0]
			return o.run()
		},
	}
	cmd.Flags().StringVar(&o.role, "role", access.Viewer.String(), "`role`: viewer, operator, editor or admin")
	cmd.Flags().BoolVar(&o.token, "token", false, "it is a bearer token, not a password")
	_ = cmd.RegisterFlagCompletionFunc("role", cobra.FixedCompletions([]string{"viewer", "operator", "editor", "admin"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// credential is a line and its parts.
type credential struct {
	Name string `json:"name"`
	Hash string `json:"hash"`
	Role string `json:"role"`
	Line string `json:"line"`
}

func (o *hashOptions) run() error {
	role, ok := access.ParseRole(o.role)
	if !ok || role == access.Open {
		return run.Usage(fmt.Sprintf("role %q is none of viewer, operator, editor, admin", o.role), "workerctl auth hash "+o.name+" --role viewer")
	}
	if strings.ContainsAny(o.name, ": \t\r\n") {
		return run.Input(fmt.Errorf("name %q: a name has no colon and no blanks", o.name))
	}
	what := "password"
	if o.token {
		what = "token"
	}
	text, err := o.ask(o.Tool, what)
	if err == nil && text == "" {
		err = run.Input(fmt.Errorf("the %s is empty: write it into standard input, as one line", what))
	}
	if err != nil {
		return err
	}
	c := credential{Name: o.name, Role: role.String()}
	if o.token {
		c.Hash = access.HashToken(text)
	} else if c.Hash, err = access.Hash(text); err != nil {
		return err
	}
	c.Line = strings.Join([]string{c.Name, c.Hash, c.Role}, ":")
	return o.Print(c, func() { o.Say("%s", c.Line) })
}

// ask reads a secret: twice and unseen from a terminal, one line from a pipe.
func ask(t *run.Tool, what string) (string, error) {
	f, ok := t.In.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(t.In, 1<<16)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the %s: %w", what, err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	var typed [2][]byte
	for i, prompt := range []string{what + ": ", what + " again: "} {
		fmt.Fprint(t.Err, prompt)
		var err error
		typed[i], err = term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(t.Err)
		if err != nil {
			return "", fmt.Errorf("read the %s: %w", what, err)
		}
	}
	if string(typed[0]) != string(typed[1]) {
		return "", run.Input(fmt.Errorf("the two are not the same %s", what))
	}
	return string(typed[0]), nil
}
